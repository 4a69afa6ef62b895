"""A connection reads on in the log where it stopped, and takes what is for its call."""

from __future__ import annotations

from edge.call.log_position import LogPosition
from runtime.bus.reader import Stored
from schemas import subjects
from schemas.events import Kind


def stored(seq: int, kind: Kind) -> Stored:
    return Stored(subjects.session_events("t", "s", kind), seq, b"", {}, "")


def test_events_of_the_stages_and_of_connections_are_for_the_call() -> None:
    kinds: tuple[Kind, ...] = ("life", "speech", "heard", "turn", "say", "out", "in")
    heard = LogPosition().read([stored(seq, kind) for seq, kind in enumerate(kinds, 1)])
    assert [event.subject.rpartition(".")[2] for event in heard] == ["life", "heard", "say", "out"]


def test_reading_goes_on_behind_the_last_event_whosever_it_was() -> None:
    position = LogPosition()
    position.read([stored(4, "say"), stored(9, "in")])
    assert position.seq == 9
    position.read([])
    assert position.seq == 9
