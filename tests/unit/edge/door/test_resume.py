"""Who may go on with a session, and until when."""

from __future__ import annotations

from typing import Any

import pytest

from edge.door.resume import FORSAKEN_MS, GRACE_MS, resumable
from schemas.events import (
    AnswerHeard,
    AnyEvent,
    SessionEnded,
    SessionStarted,
    TurnCommitted,
)
from schemas.session_config import SessionConfig

NOW = 10_000_000


def session(*, tenant: str = "t", user: str = "ada", left: Any = "", ago_ms: int = 0) -> Any:
    whose: dict[str, Any] = {"tenant": tenant, "session": "s", "at_ms": NOW - ago_ms}
    events: list[AnyEvent] = [
        SessionStarted(**whose, user=user, protocol="x", edge="e", config=SessionConfig()),
        TurnCommitted(**whose, turn=1, text="Hi?", confidence=1.0, speculative=False),
        AnswerHeard(**whose, turn=1, text="Hello.", complete=True, played_ms=1),
    ]
    if left:
        events.append(SessionEnded(**whose, reason=left, turns=1))
    return events


def asked(events: Any, tenant: str = "t", user: str = "ada") -> Any:
    return resumable(events, tenant=tenant, user=user, now_ms=NOW)


@pytest.mark.parametrize("left", ["caller_left", "drained", "failed"])
def test_who_was_cut_off_goes_on_where_they_were(left: str) -> None:
    history = asked(session(left=left, ago_ms=GRACE_MS))
    assert [message.text for message in history.messages] == ["Hi?", "Hello."]


def test_a_dead_edge_leaves_no_goodbye() -> None:
    assert asked(session(ago_ms=FORSAKEN_MS))
    assert asked(session(ago_ms=FORSAKEN_MS + 1)) is None


def test_who_hung_up_or_came_too_late_begins_anew() -> None:
    assert asked(session(left="end_call")) is None
    assert asked(session(left="caller_left", ago_ms=GRACE_MS + 1)) is None
    assert asked([]) is None


def test_nobody_goes_on_with_somebody_elses_session() -> None:
    assert asked(session(), user="eve") is None
    assert asked(session(), tenant="other") is None
    assert asked(session(tenant="demo", user="demo-1"), tenant="demo", user="demo-2")
