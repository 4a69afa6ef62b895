"""A recorded call as it is drawn, compared and heard; the revisions of an agent."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from aura.cli.console import finished, sound
from aura.cli.console.agents_api import told_of
from aura.cli.console.answers import Refused
from aura.cli.console.calls_api import wanted
from aura.cli.console.readable import Readable
from runtime.agents.store import Revision
from runtime.redaction import Redaction
from runtime.sessions.file import unpack
from runtime.sessions.finding import decoded
from runtime.sessions.listing import folded
from runtime.sessions.timeline import Moment, moments

RECORDED = Path(__file__).parents[4] / "recorded"
READABLE = Readable(Redaction(), words=True)


def drawn(name: str) -> tuple[dict[str, Any], list[Moment]]:
    events = decoded(unpack((RECORDED / f"{name}.aura").read_bytes()).events)
    row = folded(events)
    assert row is not None
    told = moments(events)
    return finished.drawn(row, told, READABLE), told


def test_a_call_is_drawn_from_its_beginning() -> None:
    told, _ = drawn("ws-whole-jfk")
    assert told["moments"][0][0] == 0
    assert "tool" not in told["lanes"], "a lane that nobody used is left out"
    assert all(to >= begin for begin, to, *_ in told["spans"])
    (wait,) = told["waits"]
    assert wait[1] > wait[0] >= 0
    assert wait[2] == 2, "the first turn was taken back"


def test_turns_stand_side_by_side() -> None:
    _, one = drawn("ws-whole-jfk")
    _, other = drawn("continuous-greeting-interrupted")
    a, b = (finished.turns(told, READABLE) for told in (one, other))
    assert a[0]["said"]
    assert a[0]["answer"]
    pairs = finished.side_by_side(a, b)
    assert (pairs[0]["a"], pairs[0]["b"]["turn"]) == (None, 0), "a greeting stands alone"
    assert [pair["a"] for pair in pairs[1:]][: len(a)] == a
    assert finished.side_by_side(a, [])[0]["b"] is None
    slower = [{**a[0], "wait_ms": a[0]["wait_ms"] + 30}]
    assert finished.side_by_side(a[:1], slower)[0]["later_ms"] == 30


@pytest.mark.parametrize(
    ("header", "part"),
    [
        ("", None),
        ("bytes=0-", (0, 99)),
        ("bytes=10-19", (10, 19)),
        ("bytes=90-500", (90, 99)),
        ("bytes=-10", (90, 99)),
        ("bytes=-500", (0, 99)),
        ("bytes=-", None),
        ("bytes=0-1,5-6", None),
        ("lines=1-2", None),
    ],
)
def test_a_browser_gets_the_bytes_it_asks_for(header: str, part: tuple[int, int] | None) -> None:
    assert sound.asked(header, 100) == part


def test_bytes_that_are_not_there_are_refused() -> None:
    with pytest.raises(ValueError, match="no such bytes"):
        sound.asked("bytes=100-", 100)


def test_the_filter_is_read_from_the_query_and_errors_are_named() -> None:
    assert wanted({"only": "errors", "hours": "1", "user": "u"}, 7200.0).since_ms == 3_600_000
    assert wanted({"only": "slow"}, 0.0).slow_ms
    assert wanted({"hours": ""}, 5.0).since_ms == 0
    with pytest.raises(Refused, match="hours"):
        wanted({"hours": "nan"}, 0.0)
    with pytest.raises(Refused, match="only"):
        wanted({"only": "everything"}, 0.0)


def test_revisions_are_newest_first_with_their_changes() -> None:
    texts = ("a: 1\nb: 2\n", "a: 1\nb: 3\n", "")
    given = [Revision("", "host", 3 + k, "t", text) for k, text in enumerate(texts)]
    removed, second, first = told_of(given)
    assert (first["difference"], first["changed"]) == ([], "2 lines")
    assert "-b: 2" in second["difference"]
    assert "+b: 3" in second["difference"]
    assert removed["changed"] == "removed"
