"""Options of a client are changes of the configuration, or one line for each invalid value."""

import pytest

from edge.protocols.session_options import LANGUAGE_CHARS, NUMBERS, session_options, whole
from schemas.session_config import bounds


def test_valid_options_change_the_configuration() -> None:
    changes, wrong = session_options(
        {"eagerness": "low", "language": "de", "voice": "amy", "other": 1}
    )
    assert not wrong
    assert changes["turns.eagerness"] == "low"
    assert changes["language"] == "de"
    assert "amy" in changes.values()
    assert len(changes) == 3


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("eagerness", "fast"),
        ("eagerness", 1),
        ("language", ""),
        ("language", "dé"),
        ("voice", ""),
        ("voice", "a b\n"),
    ],
)
def test_an_invalid_value_is_told_by_name_and_changes_nothing(name: str, value: object) -> None:
    changes, wrong = session_options({name: value})
    assert changes == {}
    assert [line.split()[0] for line in wrong] == [name]


@pytest.mark.parametrize("name", NUMBERS)
def test_a_number_is_taken_within_its_bounds_only(name: str) -> None:
    path = NUMBERS[name]
    _, least, most = bounds(path)
    assert least is not None
    assert most is not None
    for allowed in (least, most):
        assert session_options({name: str(allowed)}) == ({path: allowed}, [])
    for value in (least - 1, most + 1, "x", 1.5, True):
        changes, wrong = session_options({name: value})
        assert changes == {}
        assert wrong == [f"{name} must be a whole number from {least} to {most}"]


def test_a_language_code_is_cut() -> None:
    assert session_options({"language": "x" * 99})[0] == {"language": "x" * LANGUAGE_CHARS}


@pytest.mark.parametrize("value", ["", "-1", "1.0", "٣", "12345678", True, None, 1.0])
def test_only_whole_numbers_are_whole(value: object) -> None:
    assert whole(value) is None
    assert whole("007") == whole(7) == 7
