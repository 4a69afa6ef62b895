"""A connection reads on in the log where it stopped, and takes what is for its call."""

from __future__ import annotations

from edge.call.log_position import LogPosition
from runtime.bus.reader import Stored
from schemas import subjects
from schemas.events import Kind


def stored(seq: int, kind: Kind) -> Stored:
    return Stored(subjects.session_events("t", "s", kind), seq, b"", {}, "")


def test_the_events_of_the_stages_and_of_connections_are_read_and_no_others() -> None:
    position = LogPosition(("t", "s"))
    kinds: tuple[Kind, ...] = ("heard", "say", "out", "life")
    assert list(position.after) == [subjects.session_events("t", "s", kind) for kind in kinds]


def test_each_kind_is_read_on_behind_its_last_event_and_all_come_in_the_order_of_the_log() -> None:
    position = LogPosition(("t", "s"))
    found = position.read([stored(4, "heard"), stored(9, "heard"), stored(7, "say")])
    assert [event.seq for event in found] == [4, 7, 9]
    position.read([])
    assert list(position.after.values()) == [9, 7, 0, 0]
