"""The trace of the current task (W3C trace context), sent in a header.

A publisher sends the current trace with a message; listeners and jobs continue that trace.
"""

import secrets
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar

from schemas.codec import TRACE_HEADER, Headers

_current: ContextVar[str] = ContextVar("traceparent", default="")
_AS_IT_IS = nullcontext()


def headers() -> Headers:
    """Return the header of the current trace, or no header without a trace."""
    traceparent = _current.get()
    return {TRACE_HEADER: traceparent} if traceparent else {}


def new_trace() -> AbstractContextManager[None]:
    """Begin a trace for messages that are sent in the block or by tasks started in it."""
    return _bound(f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-01")


def trace_of(received: Mapping[str, str]) -> AbstractContextManager[None]:
    """Continue the trace in the headers *received*, if there is one, while the block is open."""
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
