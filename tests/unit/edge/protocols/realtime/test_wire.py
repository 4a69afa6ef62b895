"""Errors name the place and the reason, and never repeat a value that the client sent."""

from typing import Annotated

import msgspec
import pytest

from edge.protocols.realtime.wire import (
    MOST_ID_CHARS,
    Ids,
    RequestError,
    convert,
    text_of,
    unknown_value,
)


class Part(msgspec.Struct):
    kind: str
    size: Annotated[int, msgspec.Meta(ge=0)] = 0


def refused(value: object) -> RequestError:
    with pytest.raises(RequestError) as told:
        convert(value, Part, "session.part")
    return told.value


def test_names_are_unique_in_a_connection_and_hold_its_nonce() -> None:
    ids = Ids("n1")
    names = [ids.new("item"), ids.new("item"), ids.event("error")["event_id"]]
    assert len(set(names)) == 3
    assert all("_n1_" in name for name in names)


@pytest.mark.parametrize(
    ("value", "code", "param"),
    [
        ({}, "missing_required_parameter", "session.part.kind"),
        ({"kind": 1}, "invalid_type", "session.part.kind"),
        ({"kind": "a", "size": -1}, "invalid_value", "session.part.size"),
        ("secret words", "invalid_type", "session.part"),
    ],
)
def test_an_invalid_value_is_told_by_its_place(value: object, code: str, param: str) -> None:
    error = refused(value)
    assert (error.code, error.param) == (code, param)
    assert "secret words" not in str(error)


def test_a_valid_value_is_returned() -> None:
    assert convert({"kind": "a", "size": 3}, Part, "session") == Part("a", 3)


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ({}, "missing_required_parameter"),
        ({"id": 1}, "invalid_type"),
        ({"id": "a\nb"}, "invalid_value"),
        ({"id": "a" * (MOST_ID_CHARS + 1)}, "invalid_value"),
    ],
)
def test_a_text_is_printable_and_of_limited_length(message: dict[str, object], code: str) -> None:
    with pytest.raises(RequestError) as told:
        text_of(message, "id")
    assert told.value.code == code
    assert text_of({"id": "a" * MOST_ID_CHARS}, "id") == "a" * MOST_ID_CHARS


def test_an_error_names_the_event_of_the_client_that_caused_it() -> None:
    error = RequestError("invalid_value", "Invalid.", "session")
    told = Ids("c").error(error, "e" * 9999)["error"]
    assert (told["code"], told["param"]) == ("invalid_value", "session")
    assert told["event_id"] == "e" * MOST_ID_CHARS
    assert Ids("c").error(error, {"not": "a name"})["error"]["event_id"] is None


def test_an_unknown_value_is_told_with_the_known_ones() -> None:
    error = unknown_value("voice", "x" * 500, ("ash", "coral"))
    assert (error.code, error.param) == ("invalid_value", "voice")
    assert "Supported values are: 'ash', 'coral'." in str(error)
    assert "x" * 500 not in str(error)
