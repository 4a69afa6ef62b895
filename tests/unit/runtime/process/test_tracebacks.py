"""A traceback has places and types, and no word of a message."""

from __future__ import annotations

import errno

import pytest

from runtime.process.tracebacks import traceback_of

WORDS = "my number is four two seven one"


class OwnError(Exception):
    """An error of a module."""


def raised(error: Exception, cause: BaseException | None = None) -> Exception:
    """Return *error* as it is caught."""
    try:
        raise error from cause
    except Exception as caught:  # noqa: BLE001  # whatever was given
        return caught


@pytest.mark.parametrize(
    "error",
    [
        raised(ValueError(WORDS)),
        raised(RuntimeError("x"), cause=raised(KeyError(WORDS))),
        raised(ExceptionGroup(WORDS, [raised(ValueError(WORDS)), raised(OSError(WORDS))])),
        raised(OSError(errno.ENOENT, WORDS, WORDS)),
    ],
)
def test_no_message_is_quoted(error: Exception) -> None:
    shown = traceback_of(error)
    assert "four" not in shown
    assert "test_tracebacks.py" in shown
    assert "in raised" in shown


def test_causes_come_first_and_errors_of_a_group_last() -> None:
    group = ExceptionGroup("two", [raised(ValueError()), raised(TypeError())])
    shown = traceback_of(raised(group, cause=raised(KeyError("k"))))
    places = [shown.index(part) for part in ("KeyError", "which led to:", "ExceptionGroup")]
    places += [shown.index(part) for part in ("1 of 2:", "ValueError", "2 of 2:", "TypeError")]
    assert places == sorted(places)


def test_a_context_that_was_suppressed_is_not_shown() -> None:
    def fail() -> None:
        try:
            raise KeyError
        except KeyError:
            raise ZeroDivisionError from None

    with pytest.raises(ZeroDivisionError) as raised:
        fail()
    assert "KeyError" not in traceback_of(raised.value)


def test_an_error_that_causes_itself_is_shown_once() -> None:
    error, other = raised(ValueError()), raised(TypeError())
    error.__cause__, other.__cause__ = other, error
    assert traceback_of(error).count("ValueError") == 1


def test_an_error_of_the_system_keeps_its_number_and_other_modules_their_names() -> None:
    assert traceback_of(OSError(errno.ENOSPC, WORDS)) == (
        "OSError: [Errno 28] No space left on device"
    )
    assert traceback_of(UnicodeError()) == "UnicodeError"
    assert traceback_of(OwnError(WORDS)) == f"{__name__}.OwnError"
