"""The trace that work belongs to (W3C trace context): carried by the task, said in one header.

The publisher puts the current trace on what it sends; listeners and jobs go on with the trace of
what they were given.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar

from schemas.codec import TRACE_HEADER

_current: ContextVar[str] = ContextVar("traceparent", default="")
_AS_IT_IS = nullcontext()


def headers() -> dict[str, str]:
    """Return the header of the current trace, nothing where there is none."""
    traceparent = _current.get()
    return {TRACE_HEADER: traceparent} if traceparent else {}


def new_trace() -> AbstractContextManager[None]:
    """Let what is sent in the block, and by tasks begun there, belong to a trace of its own."""
    return _bound(f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-01")


def trace_of(received: Mapping[str, str]) -> AbstractContextManager[None]:
    """Go on with the trace in the headers *received* until the block is left; without one, as is.

    A message that belongs to no trace ends none.
    """
    traceparent = received.get(TRACE_HEADER)
    if not traceparent or traceparent == _current.get():
        return _AS_IT_IS
    return _bound(traceparent)


@contextmanager
def _bound(traceparent: str) -> Iterator[None]:
    token = _current.set(traceparent)
    try:
        yield
    finally:
        _current.reset(token)
