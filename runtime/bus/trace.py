"""The trace that work belongs to (W3C trace context): kept by the task, sent in a header.

A publisher sends the current trace along; listeners and jobs go on with the trace of their message.
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
    """Return the header of the current trace, if there is one."""
    traceparent = _current.get()
    return {TRACE_HEADER: traceparent} if traceparent else {}


def new_trace() -> AbstractContextManager[None]:
    """Begin a trace for the messages sent in the block, and by tasks begun there."""
    return _bound(f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-01")


def trace_of(received: Mapping[str, str]) -> AbstractContextManager[None]:
    """Go on with the trace in the headers *received* until the block is left, if they have one."""
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
