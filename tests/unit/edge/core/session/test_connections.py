"""How long a session's connections lasted, and whether the newest has ended."""

from __future__ import annotations

import pytest

from edge.core.session.connections import Connections
from schemas import events as ev
from tests.unit.edge.core.session.connection_events import ended, head, resumed, started


def reached(at_ms: int) -> ev.AnswerReached:
    return ev.AnswerReached(**head(at_ms), turn=1, index=at_ms)


def noted(*events: ev.Event) -> Connections:
    connections = Connections()
    for event in events:
        connections.read(event)
    return connections


@pytest.mark.parametrize(
    ("events", "now_ms", "lasted_ms"),
    [
        ((), 9_000, 0),
        ((started(1_000),), 1_000, 0),
        ((started(1_000),), 9_000, 8_000),
        ((started(1_000), ended(4_000)), 9_000, 3_000),  # nobody is connected any more
        ((started(1_000), ended(4_000), resumed(8_000)), 9_000, 4_000),
        ((started(1_000), ended(4_000), resumed(8_000), ended(8_500)), 99_000, 3_500),
        ((started(5_000),), 4_000, 0),  # another edge's clock is a second ahead
        ((started(5_000), ended(4_000), resumed(6_000)), 7_000, 1_000),
        ((started(1_000), reached(3_000), ended(4_000), reached(5_000)), 9_000, 3_000),
    ],
)
def test_only_connections_count_as_time_of_the_call(
    events: tuple[ev.Event, ...], now_ms: int, lasted_ms: int
) -> None:
    assert noted(*events).lasted_ms(now_ms) == lasted_ms


@pytest.mark.parametrize(
    ("events", "now_ms", "lasted_ms"),
    [
        ((started(0), reached(590_000), resumed(600_000)), 600_000, 590_000),
        ((started(0), reached(590_000), resumed(600_000), reached(601_000)), 602_000, 592_000),
        ((started(0), reached(1_000), resumed(2_000), resumed(9_000)), 9_000, 1_000),
        ((started(0), resumed(5_000), reached(6_000), resumed(9_000), ended(9_500)), 99_000, 1_500),
        ((started(0), ended(1_000), reached(3_000), resumed(5_000)), 5_000, 1_000),
        ((started(5_000), reached(4_000), resumed(6_000)), 6_000, 0),
    ],
)
def test_a_connection_that_told_no_end_lasted_until_its_last_event(
    events: tuple[ev.Event, ...], now_ms: int, lasted_ms: int
) -> None:
    assert noted(*events).lasted_ms(now_ms) == lasted_ms


@pytest.mark.parametrize(
    ("events", "end_ms"),
    [
        ((), None),
        ((started(0), reached(1)), None),
        ((started(0), ended(1)), 1),
        ((started(0), ended(1), reached(2)), 1),  # a late event is no connection
        ((started(0), ended(1), resumed(2), reached(3)), None),
        ((started(0), ended(1), resumed(2), ended(3), reached(4)), 3),
    ],
)
def test_the_newest_beginning_or_end_tells_whether_a_connection_is_open(
    events: tuple[ev.Event, ...], end_ms: int | None
) -> None:
    end = noted(*events).ended
    assert (end and end.at_ms) == end_ms


@pytest.mark.parametrize(
    ("events", "end_ms", "lasted_ms"),
    [
        ((started(1_000), ended(4_000, 1_000), resumed(8_000)), None, 5_000),
        ((started(1_000), resumed(8_000), ended(4_000, 1_000)), None, 2_000),
        ((started(1_000), resumed(8_000), ended(4_000, 1_000), resumed(9_000)), None, 1_000),
        ((started(1_000), resumed(8_000), ended(8_500, 1_000), ended(9_000, 8_000)), 9_000, 1_000),
        ((started(1_000), resumed(8_000), ended(9_000, 8_000), ended(9_500, 1_000)), 9_000, 1_000),
    ],
)
def test_a_late_end_of_an_earlier_connection_is_not_the_end_of_the_newest(
    events: tuple[ev.Event, ...], end_ms: int | None, lasted_ms: int
) -> None:
    connections = noted(*events)
    assert (connections.ended and connections.ended.at_ms) == end_ms
    assert connections.lasted_ms(10_000) == lasted_ms
