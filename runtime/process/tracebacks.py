"""Tracebacks without the messages of errors, which may quote a caller's words."""

import os
import traceback
from collections.abc import Iterator


def traceback_of(error: BaseException) -> str:
    """Return the places and types of *error*, of its causes before it, and of a group's errors.

    An OSError keeps its number, for which the system has fixed words.
    """
    return "\n".join(_lines(error, set()))


def _lines(error: BaseException, seen: set[int]) -> Iterator[str]:
    seen.add(id(error))
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if cause is not None and id(cause) not in seen:
        yield from _lines(cause, seen)
        yield "which led to:"
    for place in traceback.extract_tb(error.__traceback__):
        yield f'  File "{place.filename}", line {place.lineno}, in {place.name}'
        yield f"    {place.line}"
    yield _name(error)
    if isinstance(error, BaseExceptionGroup):
        for number, part in enumerate(error.exceptions, start=1):
            yield f"{number} of {len(error.exceptions)}:"
            yield from (f"  {line}" for line in _lines(part, seen))


def _name(error: BaseException) -> str:
    kind = type(error)
    name = kind.__name__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__name__}"
    if isinstance(error, OSError) and isinstance(error.errno, int):
        return f"{name}: [Errno {error.errno}] {os.strerror(error.errno)}"
    return name
