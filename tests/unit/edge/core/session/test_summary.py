"""The figures of a session that a list of sessions shows."""

from __future__ import annotations

from typing import Any

from edge.core.session.summary import Summary
from schemas import events as ev
from schemas.agent import AgentUsed
from tests.unit.edge.core.rehearsal import began, config

HEAD: dict[str, Any] = {"tenant": "t", "session": "s", "at_ms": 5000}


def test_a_session_is_summed_up_from_its_events() -> None:
    summary = Summary()
    summary.count(began(config(), 1000))
    summary.count(ev.TurnMeasured(**HEAD, turn=1, first_sent_ms=700.0))
    summary.count(ev.TurnMeasured(**HEAD, turn=2, first_sent_ms=500.0))
    summary.count(ev.TurnMeasured(**HEAD, turn=3))
    summary.count(ev.ResponseCancelled(**HEAD, turn=2, reason="interrupted"))
    summary.count(ev.ResponseCancelled(**HEAD, turn=3, reason="retracted"))
    summary.count(ev.TroubleTold(**HEAD, stage="tts", reason="gone"))
    assert summary == Summary(
        started_at_ms=1000, user="u", protocol="x", errors=1, interrupted=1, slowest_ms=700.0
    )


def test_the_agent_is_the_last_one() -> None:
    summary = Summary()
    summary.count(ev.AgentChanged(**HEAD, agent=AgentUsed(name="host", revision=3)))
    assert summary.agent == "host@3"
