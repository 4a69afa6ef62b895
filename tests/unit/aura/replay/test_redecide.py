"""A recorded call, given again what it was given, decides the same."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aura.replay.redecide import NotRecordedError, begun, by_id, connections, decide
from benchmarks.noting import Noting
from edge.call.session_rules import noted, rules_from
from edge.core.call import Call
from edge.core.input_log import Journal
from edge.core.notices import Delivery
from schemas import codec
from schemas import events as ev
from schemas.audio import SpeechChunk, TranscriptPartial
from tests.unit.edge.core.rehearsal import VOICE, Rehearsal


class Recorded(Rehearsal):
    """A rehearsal whose call is journalled as an edge does it."""

    def __init__(self, delivery: Delivery = Delivery.CHUNKS, **rules: Any) -> None:
        self.journal = Journal("t", "s")
        self.log: list[ev.AnyEvent] = []
        super().__init__(delivery, **rules)

    def make(self, rules: Any, delivery: Delivery, history: Any) -> Call:
        ear = self.journal.listening(lambda frame: frame == VOICE)
        call = Call("t", "s", rules, delivery, history=history, is_voice=ear)
        started = ev.SessionStarted(
            tenant="t",
            session="s",
            at_ms=self.now_ms,
            user="u",
            dialect="d",
            edge="e",
            **noted(rules, delivery),
        )
        call.history.summary.take(started)
        self.log.append(started)
        return Noting(call, self.journal, self.log)  # type: ignore[return-value]  # a stand-in with the same methods

    def recorded(self) -> list[ev.AnyEvent]:
        """The log after the caller left, as it is read back."""
        self._take(self.call.finish("caller_left", self.now_ms))
        self.log.append(self.journal.take(self.now_ms))
        return [codec.decode(codec.encode(one)) for one in self.log]


def decided_again(log: list[ev.AnyEvent]) -> None:
    said = by_id(log)
    for connection in connections(log):
        rules, delivery = rules_from(connection.began.settings, connection.began.rules)
        assert decide(connection, rules, delivery, said) == connection.decided


def test_a_question_and_its_answer_are_decided_again() -> None:
    r = Recorded(greeting="Hello.")
    r.says(800, "What is the capital of France?")
    r.quiet(600)
    r.answers("It is Paris.", "Do you want to go there?")
    r.speaks(0, 1000)
    r.speaks(1, 1000)
    r.quiet(900)
    r.says(400)
    r.partial("stop please")
    r.quiet(3000)
    log = r.recorded()
    assert [one for one in log if isinstance(one, ev.ResponseCancelled)]
    decided_again(log)


def resumed(at_ms: int) -> ev.SessionResumed:
    return ev.SessionResumed(tenant="t", session="s", at_ms=at_ms, edge="e2")


def part(number: int, from_ms: int, *ticks: int) -> ev.InputsDelivered:
    journal = Journal("t", "s")
    for at_ms in (from_ms, *ticks):
        journal.note("tick", None, at_ms)
    taken = journal.take((from_ms, *ticks)[-1])
    return msgspec.structs.replace(taken, part=number)


def started(at_ms: int) -> ev.SessionStarted:
    whose: dict[str, Any] = {"tenant": "t", "session": "s", "at_ms": at_ms}
    settings = ev.SessionSettings()
    return ev.SessionStarted(**whose, user="u", dialect="d", edge="e", settings=settings)


def ended(at_ms: int) -> ev.SessionEnded:
    return ev.SessionEnded(tenant="t", session="s", at_ms=at_ms, reason="failed", turns=0)


def test_a_connection_killed_before_it_stored_its_inputs_is_left_out() -> None:
    log: list[ev.AnyEvent] = [
        started(1000),
        ended(1500),
        resumed(5000),
        ended(6000),
        part(0, 5001, 6000),
    ]
    (connection,) = connections(log)
    assert connection.began == log[2]
    assert connection.decided == [log[3]]
    assert begun(log) == 2


def test_what_an_old_connection_decided_late_stays_its_own() -> None:
    late = ended(5010)
    log: list[ev.AnyEvent] = [started(1000), part(0, 1001, 2000), resumed(5000), late]
    log += [part(0, 5001, 5003), part(1, 2020, 5010)]
    first, second = connections(log)
    assert [one.at_ms for one in first.given] == [1001, 2000, 2020, 5010]
    assert [one.at_ms for one in second.given] == [5001, 5003]
    assert (first.decided, second.decided) == ([late], [])


def test_a_session_without_any_inputs_is_refused() -> None:
    with pytest.raises(NotRecordedError, match="killed in the first 10 s"):
        connections([started(1000), resumed(5000)])


STEPS = st.lists(
    st.one_of(
        st.tuples(
            st.sampled_from(["says", "quiet", "wait"]), st.integers(1, 90).map(lambda n: 20 * n)
        ),
        st.tuples(st.just("burst"), st.integers(1, 4000)),
        st.tuples(
            st.just("hears"),
            st.sampled_from(["", "yes", "What is it?", "and the", "Go on.", "I fly to Rome."]),
        ),
        st.tuples(st.just("partial"), st.sampled_from(["mhm", "no stop"])),
        st.tuples(st.just("answers"), st.sampled_from([None, 0.02, 0.6, 0.98])),
        st.tuples(st.just("speaks"), st.integers(1, 900)),
    ),
    max_size=40,
)


@settings(max_examples=60)
@given(STEPS, st.sampled_from(Delivery), st.booleans())
def test_whatever_happens_in_a_call_is_decided_again(
    steps: list[tuple[str, Any]], delivery: Delivery, model_reads: bool
) -> None:
    r = Recorded(delivery, greeting="Hello.", model_reads=model_reads)
    needs: dict[str, type[ev.Event]] = {
        "hears": ev.SpeechPaused,
        "partial": ev.SpeechStarted,
        "answers": ev.TurnTaken,
        "speaks": ev.TurnTaken,
    }
    for name, what in steps:
        if name in needs and not r.events(needs[name]):
            continue
        if name == "burst":
            r.burst((VOICE * 9)[: what - what % 2])
        elif name == "speaks":
            r.speaks(0, what)
        elif name == "answers":
            r.answers("It is Paris.", caller_ended=what)
        else:
            getattr(r, name)(what)
    decided_again(r.recorded())


def test_what_is_noted_cannot_be_heard() -> None:
    journal = Journal("t", "s")
    ear = journal.listening(lambda _: True)
    for k in range(50):
        journal.note("hear", VOICE, 20 * k)
        ear(VOICE)
    journal.note("receive", SpeechChunk(turn=1, index=0, chunk=0, pcm=b"\x07" * 900), 1000)
    journal.note("receive", TranscriptPartial(utterance=1, text="hi", audio_ms=9), 1001)
    data = codec.encode(journal.take(1001))
    assert len(data) < 250
    assert b"\x07\x07" not in data
    assert VOICE[:8] not in data
