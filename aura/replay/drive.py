"""A recorded session driven again: a call as an edge holds it, with the workers that are there now.

The caller's side comes from the record, at the pace at which it came: its sound where that was
recorded, else where there was voice. Stages that are not to be driven answer from the record, on
the bus like workers do, each after the time it took then.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace

import msgspec

from aura.replay import redecide as again
from aura.replay.recorded_stages import Record
from aura.replay.recorded_workers import StandIns
from aura.replay.redecide import Connection, Sound
from edge.call.clock import now_ms
from edge.call.session_rules import rules_from
from edge.call.session_shell import Keeping, Line
from edge.core.call import Call
from edge.core.hearing.vad import VoiceActivity
from edge.core.input_log import Journal
from edge.core.session.history import History, fold
from edge.core.session.summary import Summary
from runtime.bus.connection import Bus
from runtime.bus.delivery import Delivery
from runtime.version import version
from schemas import events as ev
from schemas import inputs, subjects
from schemas.inputs import Input
from schemas.stages import STAGE_NAMES

LEAD_MS = 600
"""Of the sound before the turn that a replay begins with."""
PATIENCE_S = 30.0
"""An answer under way when the recording ends is waited for."""


@dataclass(frozen=True)
class Plan:
    """What is to be driven, and what is to be other."""

    session: str
    """The new session's id."""
    stages: tuple[ev.Stage, ...]
    from_turn: int = 0
    llm_model: str = ""
    eagerness: str = ""
    sound: bytes = b""
    """What the caller said, s16le mono 16 kHz, from the first byte delivered; empty: not known."""


class NoSuchTurnError(ValueError):
    """The session has no turn of that number."""


class ModelRefusedError(ValueError):
    """The language model that was asked for is not to be had; the message says why."""


class _Refusals:
    """What workers said of the model that was asked for."""

    def __init__(self, bus: Bus, own: tuple[str, str], plan: Plan) -> None:
        self._bus = bus
        self._subject = subjects.live(*own, "out")
        self._asked = bool(plan.llm_model)
        self.reason = ""

    async def listen(self, stack: AsyncExitStack) -> None:
        if self._asked:
            await stack.enter_async_context(self._bus.listening(self._subject, self._on_event))

    async def _on_event(self, said: Delivery) -> None:
        event = said.event()
        if isinstance(event, ev.JobFailed) and event.stage == "llm":
            self.reason = event.reason


async def drive(bus: Bus, events: Sequence[ev.AnyEvent], plan: Plan) -> None:
    """Hold the first connection of the session in *events* again.

    Raises:
        NotRecordedError: its inputs were not recorded.
        NoSuchTurnError: it has no turn *from_turn*.
        ModelRefusedError: no worker has the model that is asked for.
    """
    connection = again.connections(events)[0]
    began = _beginning(connection)
    rules, delivery = rules_from(began.settings, began.rules)
    rules = replace(rules, settings=_changed(rules.settings, plan))
    given, skipped, history = _from(connection, events, plan.from_turn)
    own = (began.tenant, plan.session)
    journal = Journal(*own)
    voice = VoiceActivity()
    ear = journal.listening(voice if plan.sound else again.is_voice)
    call = Call(*own, rules, delivery, history=history, is_voice=ear)
    recorded = tuple(stage for stage in STAGE_NAMES if stage not in plan.stages)
    keeping = Keeping(journal, None, recorded)
    line = Line(bus, call, own, voice.echo.told, lambda: None, keeping)
    started = _started(began, plan, rules.settings)
    call.history.summary.take(started)
    record = Record(connection, again.by_id(events))
    sound, refusals = _Voice(connection.bits, plan.sound, skipped), _Refusals(bus, own, plan)
    async with asyncio.TaskGroup() as tasks, AsyncExitStack() as stack:
        running = tasks.create_task(line.run(started))
        await line.listening.wait()
        stages = StandIns(bus, own, record, recorded, tasks)
        await stages.listen(stack)
        await refusals.listen(stack)
        await _speak(line, given, sound, stages, refusals, wait=not _hung_up(connection))
        await asyncio.sleep(0.5)  # the last words about it are on their way
        last = given[-1] if given else None
        line.finish(last.what[0] if last and last.kind == inputs.FINISH else "end_call")
        await running
    if refusals.reason:
        raise ModelRefusedError(refusals.reason)


def _beginning(connection: Connection) -> ev.SessionStarted:
    if isinstance(connection.began, ev.SessionStarted):
        return connection.began
    raise again.NotRecordedError(
        "the inputs of its beginning were not stored: its edge was killed in its first 10 s"
    )


def _changed(settings: ev.SessionSettings, plan: Plan) -> ev.SessionSettings:
    wanted = {"llm_model": plan.llm_model, "eagerness": plan.eagerness}
    return msgspec.structs.replace(settings, **{k: v for k, v in wanted.items() if v})


def _started(
    began: ev.SessionStarted, plan: Plan, settings: ev.SessionSettings
) -> ev.SessionStarted:
    return ev.SessionStarted(
        tenant=began.tenant,
        session=plan.session,
        at_ms=now_ms(),
        user=began.user,
        dialect=began.dialect,
        edge=again.REPLAY_EDGE,
        settings=settings,
        rules=began.rules,
        version=version(),
        replay_of=began.session,
    )


def _hung_up(connection: Connection) -> bool:
    """Tell whether the caller left in the middle of an answer, which a replay does, too."""
    return any(
        isinstance(one, ev.ResponseCancelled) and one.reason == "hung_up"
        for one in connection.decided
    )


def _from(
    connection: Connection, events: Sequence[ev.AnyEvent], turn: int
) -> tuple[list[Input], int, History | None]:
    """Return what was given from *turn* on, the bytes of sound before it, and the history."""
    if turn <= 0:
        return connection.given, 0, None
    taken = next((e for e in events if isinstance(e, ev.TurnTaken) and e.turn >= turn), None)
    if taken is None:
        raise NoSuchTurnError(f"the session has no turn {turn}")
    index = next(
        k
        for k, e in enumerate(events)
        if isinstance(e, ev.SpeechStarted) and e.utterance == taken.utterance
    )
    from_ms = events[index].at_ms - LEAD_MS
    skipped = sum(
        one.what[0] for one in connection.given if one.kind == inputs.SOUND and one.at_ms < from_ms
    )
    given = [one for one in connection.given if one.at_ms >= from_ms]
    history = fold(e for e in events[:index] if e.at_ms <= events[index].at_ms)
    history.summary = Summary()
    return given, skipped, history


class _Voice:
    """The caller: recorded sound, or sound that only says where there was voice."""

    def __init__(self, bits: list[bool], pcm: bytes, skipped: int) -> None:
        self._pcm, self._at = pcm, skipped
        self._made = Sound(bits)
        if not pcm:
            self._made.take(skipped)

    def take(self, size: int) -> bytes:
        if not self._pcm:
            return self._made.take(size)
        self._at += size
        return self._pcm[self._at - size : self._at].ljust(size, b"\0")


async def _speak(
    line: Line,
    given: Sequence[Input],
    sound: _Voice,
    stages: StandIns,
    refusals: _Refusals,
    *,
    wait: bool,
) -> None:
    """Put the caller's side into *line* at the pace at which it came, or until it is in vain."""
    loop = asyncio.get_running_loop()
    if not given:
        return
    begin_s = loop.time()
    stages.later_ms = now_ms() - given[0].at_ms
    for one in given:
        if one.kind not in {inputs.SOUND, inputs.BEGAN, inputs.FINISH, inputs.PARTIAL}:
            continue
        due_s = begin_s + (one.at_ms - given[0].at_ms) / 1000
        await asyncio.sleep(max(0.0, due_s - loop.time()))
        if refusals.reason:
            return
        if one.kind == inputs.BEGAN:
            line.start()
        elif one.kind == inputs.PARTIAL:
            await stages.grow(again.partial(one.what))
        elif one.kind == inputs.SOUND:
            line.hear(sound.take(one.what[0]))
    until_s = loop.time() + PATIENCE_S
    while wait and line.call.answering and loop.time() < until_s:  # noqa: ASYNC110  # with a limit
        await asyncio.sleep(0.05)
