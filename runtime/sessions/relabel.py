"""Copies recorded events to another session id, marked so that no worker takes them for jobs."""

import secrets
from typing import Any

import msgpack

from runtime.bus.reader import Stored
from schemas import codec, subjects

KEPT = (codec.ID_HEADER, codec.TYPE_HEADER, codec.SCHEMA_HEADER, codec.TRACE_HEADER)
"""Headers that belong to the event; the other headers describe its storage."""
MOVED = ("speech_end_ms", "deadline_ms", "from_ms", "started_at_ms", "connected_at_ms")
"""Fields beside `at_ms` that are times."""


def new_session() -> str:
    return f"{subjects.REPLAY_PREFIX}{secrets.token_hex(10)}"


def headers(stored: Stored, origin: str) -> dict[str, str]:
    """Return the event's own headers, and the header that marks a copy from session *origin*."""
    own = {name: stored.headers[name] for name in KEPT if name in stored.headers}
    return {**own, codec.COPY_HEADER: origin}


def renamed(
    stored: Stored, session: str, *, later_ms: int
) -> tuple[str, bytes, dict[str, str]] | None:
    """Return subject, bytes and headers of a copy of *stored* in *session*, *later_ms* later.

    Fields that this version does not know are kept. The result is None if *stored* is no event.
    """
    try:
        fields: dict[str, Any] = msgpack.unpackb(stored.data)
        origin, event_type = fields["session"], fields["type"]
        fields |= {"session": session, "at_ms": fields["at_ms"] + later_ms}
    except (ValueError, TypeError, KeyError, msgpack.UnpackException):
        return None
    for name in MOVED:
        if fields.get(name):
            fields[name] += later_ms
    if event_type in {"session.started", "session.ended"}:
        fields["replay_of"] = origin
    kept = headers(stored, origin)
    kept[codec.ID_HEADER] = kept.get(codec.ID_HEADER, "").replace(origin, session, 1)
    *before, _, kind = stored.subject.split(".")
    return ".".join((*before, session, kind)), msgpack.packb(fields), kept
