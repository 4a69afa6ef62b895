"""A recorded call is drawn, and compared with another one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from aura.cli.console import finished
from aura.cli.console.readable import Readable
from runtime.sessions.file import unpack
from runtime.sessions.finding import decoded
from runtime.sessions.listing import folded
from runtime.sessions.timeline import Moment, moments
from runtime.text.redaction import Redaction

RECORDED = Path(__file__).parents[4] / "recorded"

READABLE = Readable(Redaction(), words=True)


def drawn(name: str) -> tuple[dict[str, Any], list[Moment]]:
    events = decoded(unpack((RECORDED / f"{name}.aura").read_bytes()).events)
    row = folded(events)
    assert row is not None
    timeline = moments(events)
    return finished.drawn(row, timeline, READABLE), timeline


def test_a_call_is_drawn_from_its_beginning() -> None:
    told, _ = drawn("ws-whole-jfk")
    assert told["moments"][0][0] == 0
    assert "tool" not in told["lanes"], "a lane that nobody used is left out"
    assert all(to >= begin for begin, to, *_ in told["spans"])
    (wait,) = told["waits"]
    assert wait[1] > wait[0] >= 0
    assert wait[2] == 2, "the first turn was taken back"


def test_turns_stand_side_by_side() -> None:
    _, first = drawn("ws-whole-jfk")
    _, other = drawn("continuous-greeting-interrupted")
    a, b = (finished.turns(timeline, READABLE) for timeline in (first, other))
    assert a[0]["said"]
    assert a[0]["answer"]
    pairs = finished.side_by_side(a, b)
    assert (pairs[0]["a"], pairs[0]["b"]["turn"]) == (None, 0), "a greeting stands alone"
    assert [pair["a"] for pair in pairs[1:]][: len(a)] == a
    assert finished.side_by_side(a, [])[0]["b"] is None
    slower = [{**a[0], "wait_ms": a[0]["wait_ms"] + 30}]
    assert finished.side_by_side(a[:1], slower)[0]["later_ms"] == 30
