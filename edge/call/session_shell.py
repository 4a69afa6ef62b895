"""A call's line to the bus: carries effects out and answers in, and decides nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

import msgspec
import structlog

from edge.call import counters
from edge.call.bus_outage import Absence
from edge.call.clock import now_ms
from edge.call.event_writer import EventsOut
from edge.call.frame_sender import FramesOut
from edge.call.recording_writer import Recording
from edge.call.resync import HEARD_KINDS, LIFE, CatchingUp
from edge.call.takeover import Succession
from edge.call.timer import Alarm
from edge.core.call import Call
from edge.core.effects import Effect, Publish, Recover, SendFrame, Tell
from edge.core.input_log import Journal
from edge.core.notices import Measured, Notice, Trouble
from runtime.bus.connection import Bus
from runtime.bus.delivery import Delivery
from runtime.bus.errors import BusAwayError
from runtime.bus.trace import new_trace
from schemas import codec, subjects
from schemas.audio import SpeechChunk, TranscriptPartial
from schemas.events import Event, ResponseSentence, SpeechStarted, Stage, TurnTaken

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Keeping:
    """What is kept of a call."""

    journal: Journal
    """Where the call's ear notes voice."""
    recording: Recording | None = None
    """Keeps the sound of both sides, where that is wanted."""
    recorded: tuple[Stage, ...] = ()
    """Stages that a replay answers from the record, so that no worker does."""


class Line:
    """One conversation on the bus, for as long as `run` runs."""

    def __init__(
        self,
        bus: Bus,
        call: Call,
        session: tuple[str, str],
        tell: Callable[[Notice], None],
        broken: Callable[[], None],
        keeping: Keeping | None = None,
    ) -> None:
        """Take the *call* of *session* (tenant, id).

        *tell* is handed what the caller is told; *broken* is called once if a fault of ours ends
        the call. *keeping* says what is kept of it beside its events.
        """
        self.tenant, self.session = session
        self.call = call
        self._bus = bus
        self._tell = tell
        self._broken = broken
        self._alarm = Alarm(lambda: call.due_ms, lambda: self._put(call.tick))
        self._absence = Absence(self._tell_away, asyncio.get_running_loop().time)
        self._events = EventsOut(bus, self._absence, self._awaits)
        self._frames = FramesOut(bus, self.session)
        self._tasks = asyncio.TaskGroup()
        self._missed = CatchingUp(bus, call, session, self._frames, self._hear_of)
        self._succession = Succession()
        self.succeeded: Callable[[], None] = lambda: None
        """Called once when another connection goes on with the session: this one is over."""
        self._closed = False
        keeping = keeping or Keeping(Journal(*session))
        self._journal = keeping.journal
        self._recorded = keeping.recorded
        self._recording = keeping.recording
        self.listening = asyncio.Event()
        """Nothing that the stages say is missed from here on."""

    async def run(self, began: Event, *more: Event) -> None:
        """Listen and publish until `finish`; *began* begins the connection, *more* follows it."""
        own = (self.tenant, self.session)
        self._succession.begins(began)
        for event in (began, *more):
            self._events.put(event)
        async with self._tasks as tasks, AsyncExitStack() as stack:
            stack.enter_context(new_trace())
            stack.enter_context(counters.CALLS.track_inprogress())
            for kind in HEARD_KINDS:
                listening = self._bus.listening(subjects.live(*own, kind), self._on_event)
                await stack.enter_async_context(listening)
            for subject, listener in (
                (subjects.speech(self.session), self._on_speech),
                (subjects.partials(self.session), self._on_partial),
            ):
                await stack.enter_async_context(self._bus.listening(subject, listener))
            sending = tasks.create_task(self._frames.run())
            catching_up = tasks.create_task(self._missed.run())
            self._bus.reconnected.append(self._missed.look)
            self._bus.liveness.changed.append(self._on_pulse)
            self._on_pulse(self._bus.liveness.away)
            if self._recording:
                tasks.create_task(self._recording.run())
            self.listening.set()
            try:
                await self._events.run()
                await sending
            finally:
                self._bus.reconnected.remove(self._missed.look)
                self._bus.liveness.changed.remove(self._on_pulse)
                catching_up.cancel()

    # -------------------------------------------------------- inputs of the call

    def start(self) -> None:
        self._put(self.call.start)

    def resume(self) -> None:
        self._put(self.call.resume)
        self._missed.look()

    def hear(self, pcm: bytes) -> None:
        if self._absence.deaf:
            counters.dropped("bus", len(pcm))
            return
        if self._recording and not self._closed:
            self._recording.heard(pcm, now_ms())
        self._put(self.call.hear, pcm)

    def finish(self, reason: str) -> None:
        self._put(self.call.finish, reason)
        self._closed = True
        self._alarm.stop()
        self._events.close()
        self._frames.close()
        if self._recording:
            self._recording.finish(now_ms())

    def _on_pulse(self, away: bool) -> None:
        if away:
            self._absence.begins("link")
        elif self._absence.ends("link"):
            self._missed.look()

    def _tell_away(self) -> None:
        if not self._closed:
            self._tell(Trouble("audio", "the event bus is away; it is waited for"))

    async def _on_event(self, said: Delivery) -> None:
        self._hear_of(said.data, said.subject, said.seq)

    def _hear_of(self, data: bytes, subject: str, seq: int) -> None:
        try:
            event = codec.decode(data)
        except codec.BadMessageError:
            log.warning("event_malformed", subject=subject)
            return
        if self._succession.is_over(event, seq):
            self._leave_to_another()
        elif event.KIND != LIFE:
            self._put(self.call.receive, event)

    def _leave_to_another(self) -> None:
        """Say nothing any more: what this connection would decide is another one's to decide."""
        if not self._closed:
            log.info("session_goes_on_elsewhere", session=self.session)
            self._queue(self._journal.take(now_ms()))
            self._closed = True
            self.succeeded()

    async def _on_speech(self, said: Delivery) -> None:
        self._take(SpeechChunk, said.data)

    async def _on_partial(self, said: Delivery) -> None:
        self._take(TranscriptPartial, said.data)

    def _take(self, kind: type[SpeechChunk | TranscriptPartial], data: bytes) -> None:
        try:
            message = codec.decode_as(kind, data)
        except codec.BadMessageError:
            log.warning("message_malformed", kind=kind.__name__)
            return
        self._put(self.call.receive, message)

    def _put(self, into: Callable[..., list[Effect]], *what: Any) -> None:
        """Put something into the call and do what comes of it; a fault of ours ends this call."""
        if self._closed:
            return
        at_ms = now_ms()
        try:
            self._note(into.__name__, what[0] if what else None, at_ms)
            self._do(into(*what, at_ms))
        except Exception:
            log.exception("call_broken", session=self.session)
            self._closed = True
            self._broken()

    def _note(self, name: str, what: Any, at_ms: int) -> None:
        """Note in the journal what the call is given, and store a part of it when it is due."""
        if self._journal.due(at_ms):
            self._queue(self._journal.take(at_ms))
        self._journal.note(name, what, at_ms)
        if name == "finish":
            self._queue(self._journal.take(at_ms))

    # -------------------------------------------------------- effects of the call

    def _do(self, effects: list[Effect]) -> None:
        for effect in effects:
            match effect:
                case Publish(event):
                    counters.published(event)
                    self._queue(event)
                case SendFrame():
                    self._frames.put(effect)
                case Tell(notice):
                    counters.told(notice)
                    if isinstance(notice, Measured):
                        _log_turn(notice)
                    if self._recording:
                        self._recording.told(notice, now_ms())
                    self._tell(notice)
                case Recover(turn):
                    self._tasks.create_task(self._recover(turn))
        if not self._closed:
            self._alarm.set()

    def _queue(self, event: Event) -> None:
        if self._recorded and isinstance(event, SpeechStarted | TurnTaken | ResponseSentence):
            event = msgspec.structs.replace(event, recorded=self._recorded)
        if not self._events.put(event):
            self._tell(Trouble("audio", "the event bus is away", fatal=True))

    def _awaits(self, utterance: int) -> bool:
        """Tell whether words of *utterance* are still wanted."""
        return self.call.wants_words and self._frames.latest_is(utterance)

    async def _recover(self, turn: int) -> None:
        try:
            subject = subjects.speech(self.session, turn)
            for stored in await self._bus.read(subjects.AUDIO_STREAM, subject):
                self._take(SpeechChunk, stored.data)
        except BusAwayError:
            log.warning("speech_not_recovered", turn=turn)


def _log_turn(measured: Measured) -> None:
    """Log one line a turn, with all its latencies."""
    waterfall = measured.waterfall
    log.info(
        "turn",
        turn=waterfall.turn,
        felt_ms=waterfall.first_sent_ms,
        endpoint_ms=waterfall.committed_ms,
        transcript_ms=waterfall.transcript_ms,
        first_token_ms=waterfall.first_token_ms,
        first_sentence_ms=waterfall.first_sentence_ms,
        first_audio_ms=waterfall.first_audio_ms,
        guesses=waterfall.guesses,
        retracted=waterfall.retracted,
        interrupted=waterfall.interrupted,
    )
