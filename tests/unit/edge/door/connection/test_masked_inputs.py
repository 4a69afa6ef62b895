"""The caller's words and keys in a client's input are masked, whichever input has them."""

from __future__ import annotations

import typing

import msgspec
import pytest

from edge.core.messages.inputs import (
    Cancelled,
    ClientToolResult,
    FromClient,
    ItemAdded,
    ItemRemoved,
    KeyPressed,
    Played,
    ResponseRequested,
    Truncated,
    TurnDiscarded,
    TurnEnded,
    Typed,
    Unmasked,
)
from edge.door.connection.masked_inputs import masked
from runtime.text.redaction import Redaction
from schemas.events import ItemRole, Message
from schemas.session_config import SessionConfig

NUMBER = "4929 1234 5678 9012"
REDACTION = Redaction.of("numbers")
EVERYTHING: list[FromClient] = [
    Typed(NUMBER),
    TurnEnded(),
    TurnDiscarded(),
    Cancelled(),
    Played(1, 100),
    Truncated(1, 100),
    KeyPressed("1"),
    ItemAdded("item", "user", NUMBER, "before"),
    ItemRemoved("item"),
    ResponseRequested("ask", None, (Message("user", NUMBER),), in_conversation=False),
    ClientToolResult("call", "result", failed=True),
]


def test_every_input_of_a_client_is_known() -> None:
    """A new type fails here until it is listed."""
    assert {type(one) for one in EVERYTHING} == set(typing.get_args(FromClient))


def test_every_text_of_an_input_is_masked_or_is_said_to_be_of_the_application() -> None:
    """A field of another type that may hold text fails here until `masked` names its input."""
    plain = {int, bool, str, Unmasked, Unmasked | None, ItemRole, SessionConfig | None}
    other = {
        (kind.__name__, name)
        for kind in typing.get_args(FromClient)
        for name, hint in typing.get_type_hints(kind, include_extras=True).items()
        if hint not in plain
    }
    assert other == {("ResponseRequested", "messages")}


@pytest.mark.parametrize("given", EVERYTHING, ids=lambda one: type(one).__name__)
def test_no_input_keeps_a_number_and_nothing_else_of_it_changes(given: FromClient) -> None:
    found = masked(given, REDACTION)
    assert NUMBER not in str(found)
    if found is not None:
        hidden = REDACTION.mask(NUMBER)
        assert str(found) == str(given).replace(NUMBER, hidden)


@pytest.mark.parametrize("given", EVERYTHING, ids=lambda one: type(one).__name__)
def test_without_a_redaction_every_input_stays_as_it_is(given: FromClient) -> None:
    assert masked(given, Redaction()) == given


def test_keys_are_hidden_where_numbers_are() -> None:
    assert masked(KeyPressed("1234#"), REDACTION) is None
    assert masked(KeyPressed("1234#"), Redaction.of("emails")) == KeyPressed("1234#")


@pytest.mark.parametrize("role", ["user", "assistant", "system"])
def test_the_words_of_a_message_are_masked_unless_they_are_the_applications(
    role: typing.Literal["user", "assistant", "system"],
) -> None:
    found = masked(ItemAdded("item", role, NUMBER), REDACTION)
    assert isinstance(found, ItemAdded)
    assert (found.text == NUMBER) == (role == "system")


def test_a_response_to_the_conversation_itself_has_no_messages_to_mask() -> None:
    given = ResponseRequested("ask")
    assert masked(given, REDACTION) == given


def test_an_unknown_input_is_an_error_and_is_not_passed_on() -> None:
    class Whispered(msgspec.Struct):
        text: str

    with pytest.raises(KeyError):
        masked(Whispered(NUMBER), REDACTION)  # type: ignore[arg-type]  # it is none on purpose
