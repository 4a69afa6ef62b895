"""A connection reads on in the log where it stopped, when the stages are silent for too long."""

from __future__ import annotations

from edge.call.resync import LogPosition
from runtime.bus.reader import Stored
from schemas import subjects
from tests.unit.edge.core.rehearsal import Rehearsal


def stored(seq: int, kind: str) -> Stored:
    return Stored(subjects.session_events("t", "s", kind), seq, b"", {}, "")


def test_events_of_the_stages_and_of_connections_are_for_the_call() -> None:
    kinds = ("life", "speech", "heard", "turn", "say", "out", "in")
    heard = LogPosition().read([stored(seq, kind) for seq, kind in enumerate(kinds, 1)])
    assert [event.subject.rpartition(".")[2] for event in heard] == ["life", "heard", "say", "out"]


def test_reading_goes_on_behind_the_last_event_whosever_it_was() -> None:
    position = LogPosition()
    position.read([stored(4, "say"), stored(9, "in")])
    assert position.seq == 9
    position.read([])
    assert position.seq == 9


def test_a_call_that_waits_for_no_stage_misses_nothing() -> None:
    assert not Rehearsal().call.stages.misses_news(10_000_000)


def test_a_response_that_does_not_come_is_looked_for_before_its_deadline() -> None:
    call = Rehearsal()
    call.says(800, "What is the weather like?")
    call.quiet(1000)
    assert not call.call.stages.misses_news(call.now_ms)
    deadline_ms = call.call.config.response.deadline_ms
    assert call.call.stages.misses_news(call.now_ms + deadline_ms - 1000)


def test_a_response_that_comes_ends_the_search() -> None:
    call = Rehearsal()
    call.says(800, "What is the weather like?")
    call.quiet(1000)
    call.answers("It is fine.")
    call.speaks(0, 1000)
    call.quiet(3000)
    assert not call.call.stages.misses_news(call.now_ms + 10_000_000)
