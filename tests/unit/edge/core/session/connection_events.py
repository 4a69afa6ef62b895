"""The beginnings and ends of one session's connections."""

from __future__ import annotations

from typing import Any

from schemas import events as ev
from schemas.session_config import SessionConfig


def head(at_ms: int = 0) -> dict[str, Any]:
    return {"tenant": "t", "session": "s", "at_ms": at_ms}


def started(at_ms: int) -> ev.SessionStarted:
    return ev.SessionStarted(
        **head(at_ms), user="u", protocol="x", edge="e", config=SessionConfig()
    )


def resumed(at_ms: int) -> ev.SessionResumed:
    return ev.SessionResumed(**head(at_ms), edge="e", config=SessionConfig())


def ended(at_ms: int, connected_at_ms: int = 0) -> ev.SessionEnded:
    return ev.SessionEnded(
        **head(at_ms), reason="caller_left", turns=1, connected_at_ms=connected_at_ms
    )
