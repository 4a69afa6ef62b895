"""A recorded call, given again what it was given, decides the same."""

from __future__ import annotations

import typing
from typing import Any

import msgpack
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aura.replay.redecide import InputsNotRecordedError, begun, by_id, connections, decide
from edge.core.call import Began, Call
from edge.core.hearing.framing import SILENCE
from edge.core.input_log import InputLog, read
from edge.core.messages import inputs
from edge.core.messages.effects import Effect, Publish
from edge.core.messages.inputs import (
    AnyInput,
    ChunkSpoken,
    Finished,
    PartialTranscript,
    Sound,
    StageSaid,
    Ticked,
)
from edge.core.session.history import History
from schemas import codec
from schemas import events as ev
from schemas.control import AnyCommand, End, Instruct, Interrupt, Mute, Say
from schemas.events import Message
from schemas.inputs import FINISHED, BadInputsError, InputRow, pack
from schemas.session_config import Delivery, SessionConfig
from tests.unit.edge.core.rehearsal import VOICE, Rehearsal, began, sound


class LoggedCall(Call):
    """A call whose inputs and decisions are logged as an edge does it."""

    def __init__(self, began: Began, history: History | None = None) -> None:
        super().__init__(began, history)
        self.inputs = InputLog(began.tenant, began.session)
        self.log: list[ev.AnyEvent] = [began]

    def step(self, call_input: AnyInput, now_ms: int) -> list[Effect]:
        if section := self.inputs.note(call_input, now_ms):
            self.log.append(section)
        if isinstance(call_input, StageSaid):
            self.log.append(call_input.event)
        effects = super().step(call_input, now_ms)
        published: Any = [effect.event for effect in effects if isinstance(effect, Publish)]
        self.log += published
        return effects


class Recorded(Rehearsal):
    """A rehearsal whose call is logged."""

    kind = LoggedCall

    @property
    def logged(self) -> LoggedCall:
        assert isinstance(self.call, LoggedCall)
        return self.call

    def recorded(self) -> list[ev.AnyEvent]:
        """The log after the caller left, as it is read back."""
        self.give(Finished("caller_left"))
        log = [*self.logged.log, self.logged.inputs.pop_section(self.now_ms)]
        return [codec.decode(codec.encode(event)) for event in log]


def decided_again(log: list[ev.AnyEvent]) -> None:
    for connection in connections(log):
        assert decide(connection) == connection.decided


def test_a_question_and_its_answer_are_decided_again() -> None:
    r = Recorded(response__greeting="Hello.")
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
    assert [event for event in log if isinstance(event, ev.ResponseCancelled)]
    decided_again(log)


def resumed(at_ms: int) -> ev.SessionResumed:
    return ev.SessionResumed(tenant="t", session="s", at_ms=at_ms, edge="e2")


def part(number: int, from_ms: int, *ticks: int) -> ev.InputsDelivered:
    log = InputLog("t", "s")
    for at_ms in (from_ms, *ticks):
        log.note(Ticked(), at_ms)
    taken = log.pop_section((from_ms, *ticks)[-1])
    return msgspec.structs.replace(taken, section=number)


def started(at_ms: int) -> ev.SessionStarted:
    return began(SessionConfig(), at_ms)


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


def test_late_decisions_belong_to_their_old_connection() -> None:
    late = ended(5010)
    log: list[ev.AnyEvent] = [started(1000), part(0, 1001, 2000), resumed(5000), late]
    log += [part(0, 5001, 5003), part(1, 2020, 5010)]
    first, second = connections(log)
    assert [timed.at_ms for timed in first.inputs] == [1001, 2000, 2020, 5010]
    assert [timed.at_ms for timed in second.inputs] == [5001, 5003]
    assert (first.decided, second.decided) == ([late], [])


def test_a_session_without_any_inputs_is_refused() -> None:
    with pytest.raises(InputsNotRecordedError, match="killed in the first 10 s"):
        connections([started(1000), resumed(5000)])


EVENT = ev.JobFailed(tenant="t", session="s", at_ms=5, stage="llm", turn=3, reason="r")
SAMPLES: list[AnyInput] = [
    inputs.Started(),
    inputs.Resumed(),
    inputs.Reconfigured(SessionConfig(language="de")),
    Ticked(),
    Finished("drained", may_return=True),
    Sound((VOICE,) * 2, (True, False), 1280),
    inputs.BackgroundAlone(),
    inputs.Typed("Hello there."),
    inputs.TurnEnded(),
    inputs.Cancelled(),
    inputs.Played(3, 1200),
    inputs.KeyPressed("12#"),
    inputs.ClientToolResult("call_1_0_0", '"done"', failed=True),
    inputs.TurnDiscarded(),
    inputs.Truncated(3, 1200),
    inputs.ItemAdded("message_1", "user", "Hello there.", "message_0"),
    inputs.ItemRemoved("message_1"),
    inputs.ResponseRequested(
        "a", SessionConfig(language="de"), (Message("user", "Hi."),), in_conversation=False
    ),
    inputs.Commanded("c1", "sam", Say("Hello.", interruptible=False)),
    StageSaid(EVENT),
    PartialTranscript(1, 300, "I would"),
    ChunkSpoken(3, 1, 2, b"\x01" * 64, last=True),
]

COMMANDS: list[AnyCommand] = [
    Say("Hello there."),
    Say("Listen.", interruptible=False),
    Instruct("Be kind.", respond=True),
    Interrupt(),
    Mute(),
    Mute(muted=False),
    Mute(side="assistant"),
    Mute(side="assistant", muted=False),
    End(words="Goodbye."),
]
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
        st.tuples(st.just("commanded"), st.sampled_from(COMMANDS)),
    ),
    max_size=40,
)


@given(STEPS, st.sampled_from(typing.get_args(Delivery)), st.booleans())
def test_every_kind_of_call_is_decided_again(
    steps: list[tuple[str, Any]], delivery: Delivery, model_reads: bool
) -> None:
    r = Recorded(delivery, response__greeting="Hello.", turns__ask_eot=model_reads)
    needs: dict[str, type[ev.Event]] = {
        "hears": ev.SpeechPaused,
        "partial": ev.SpeechStarted,
        "answers": ev.TurnTaken,
        "speaks": ev.TurnTaken,
    }
    for number, (name, what) in enumerate(steps):
        if name in needs and not r.events(needs[name]):
            continue
        if name == "burst":
            r.burst((VOICE * 9)[: what - what % 2])
        elif name == "speaks":
            r.speaks(0, what)
        elif name == "commanded":
            r.give(inputs.Commanded(f"c{number}", "sam", what))
        elif name == "answers":
            r.answers("It is Paris.", eot_llm=what)
        else:
            getattr(r, name)(what)
    decided_again(r.recorded())


def test_the_input_log_holds_no_audio() -> None:
    log = InputLog("t", "s")
    for k in range(50):
        log.note(sound(VOICE), 20 * k)
    log.note(ChunkSpoken(1, 0, 0, b"\x07" * 900, last=False), 1000)
    log.note(PartialTranscript(1, 9, "hi"), 1001)
    data = codec.encode(log.pop_section(1001))
    assert len(data) < 250
    assert b"\x07\x07" not in data
    assert VOICE[:8] not in data


def test_an_input_that_this_version_does_not_know_is_an_error_and_no_tick() -> None:
    newer = msgspec.structs.replace(part(0, 1001), rows=msgpack.packb([[0, 99, "what"]]))
    with pytest.raises(InputsNotRecordedError, match="input 99"):
        connections([started(1000), newer])


@pytest.mark.parametrize("call_input", [*SAMPLES], ids=lambda sample: type(sample).__name__)
def test_every_input_comes_back_from_the_log(call_input: AnyInput) -> None:
    log = InputLog("t", "s")
    section = log.note(call_input, 1234) or log.pop_section(1234)
    ((at_ms, read_back),) = read([section], by_id([EVENT]))
    assert at_ms == 1234
    match call_input:
        case Sound():
            call_input = msgspec.structs.replace(
                call_input, frames=(SILENCE,) * len(call_input.frames)
            )
        case ChunkSpoken():
            call_input = msgspec.structs.replace(call_input, pcm=bytes(len(call_input.pcm)))
    assert read_back == call_input


def test_an_input_of_an_older_aura_gets_defaults_for_new_fields() -> None:
    rows = pack([InputRow(1234, FINISHED, ("caller_left",))], 1234)
    part = ev.InputsDelivered(
        tenant="t", session="s", at_ms=1, section=0, from_ms=1234, frames=0, voice=b"", rows=rows
    )
    ((_, finished),) = read([part], {})
    assert finished == Finished("caller_left", may_return=False)
    too_many = pack([InputRow(1234, FINISHED, ("caller_left", True, 1))], 1234)
    with pytest.raises(BadInputsError, match="newer Aura"):
        list(read([msgspec.structs.replace(part, rows=too_many)], {}))


def test_there_is_a_sample_of_every_input() -> None:
    assert {type(sample) for sample in SAMPLES} == set(typing.get_args(AnyInput))


def test_a_session_whose_configuration_is_gone_is_not_decided_by_another_one() -> None:
    named = ev.SessionStarted(
        tenant="t", session="s", at_ms=1000, user="u", protocol="d", edge="e", config_hash="abc"
    )
    with pytest.raises(InputsNotRecordedError, match="configuration abc is not in"):
        connections([named, part(0, 1001, 2000)])
