"""The last hour of calls in numbers."""

from __future__ import annotations

from typing import Any

from aura.cli.console.last_hour import HOUR_MS, LastHour, percentiles
from schemas import events as ev

NOW_MS = 10 * HOUR_MS


def head(session: str = "s_1", ago_ms: int = 1000) -> ev.Head:
    return {"tenant": "acme", "session": session, "at_ms": NOW_MS - ago_ms}


def measured(wait_ms: float | None, turn: int = 1, **said: Any) -> ev.TurnMeasured:
    of = head(said.pop("session", "s_1"), said.pop("ago_ms", 1000))
    return ev.TurnMeasured(**of, turn=turn, first_sent_ms=wait_ms, **said)


def hour(*events: ev.AnyEvent) -> dict[str, Any]:
    fold = LastHour()
    for event in events:
        fold.count(event)
    return fold.summary(NOW_MS)


def test_percentiles_are_the_nearest_rank() -> None:
    assert percentiles([]) is None
    assert percentiles([7]) == {"p50": 7, "p95": 7, "p99": 7}
    assert percentiles(range(1, 101)) == {"p50": 50, "p95": 95, "p99": 99}


def test_waits_speculations_and_interruptions_are_counted() -> None:
    summary = hour(
        measured(500.0, speculations=2, retracted=1, taken_ms=120.0),
        measured(900.0, turn=2, speculations=1, interrupted=True),
        measured(None, turn=3, session="s_2"),
    )
    assert summary["turns"] == 3
    assert summary["calls"] == 2
    assert summary["wait_ms"] == {"p50": 500, "p95": 900, "p99": 900}
    assert summary["speculations"] == {"made": 3, "right": 2, "wrong": 1}
    assert summary["interrupted"] == 1
    assert summary["slowest"][0] == {"session": "s_1", "turn": 2, "wait_ms": 900}
    assert [dot[1] for dot in summary["dots"]] == [500, 900]
    step = next(step for step in summary["steps"] if step["step"] == "language model asked")
    assert step == {"step": "language model asked", "p50": 120, "p95": 120, "p99": 120}


def test_of_many_answers_some_are_drawn_and_always_the_slowest() -> None:
    summary = hour(*(measured(9_000.0 if turn == 1 else 100.0, turn=turn) for turn in range(2500)))
    assert summary["dots_every"] == 3
    assert 800 < len(summary["dots"]) < 850
    assert max(dot[1] for dot in summary["dots"]) == 9000


def test_an_hour_is_an_hour_and_replays_are_no_calls() -> None:
    summary = hour(measured(5.0, ago_ms=HOUR_MS + 1), measured(5.0, session="r_1"))
    assert summary["turns"] == 0
    assert summary["wait_ms"] is None


def test_faults_are_grouped_and_lead_to_a_call() -> None:
    summary = hour(
        ev.TroubleTold(**head("s_1"), stage="stt", reason="lost"),
        ev.TroubleTold(**head("s_2"), stage="stt", reason="lost"),
        ev.JobFailed(**head("s_3"), stage="tts", reason="no voice"),
    )
    assert summary["errors"] == 2
    assert summary["failed_calls"] == 2
    assert summary["given_up"] == 1
    first = summary["faults"][0]
    assert first == {"told": True, "stage": "stt", "reason": "lost", "count": 2, "session": "s_2"}


def test_only_events_with_a_number_are_changes() -> None:
    fold = LastHour()
    fold.count(ev.SessionStarted(**head(), user="ann", protocol="continuous", edge="e"))
    fold.count(ev.ToolFailed(**head(), turn=1, step=0, call=0, name="book", reason="timeout"))
    assert fold.changes == 2
    fold.count(ev.AnswerHeard(**head(), turn=1, text="Hello.", complete=True, played_ms=1))
    assert fold.changes == 2
