"""The session shell: carries a call's inputs in and its effects out; the call decides."""

import asyncio
from collections.abc import Iterator
from contextlib import AsyncExitStack
from functools import partial

import structlog

from edge.call import counters
from edge.call.audio_sender import AudioSender
from edge.call.bus_outage import BusOutage
from edge.call.client import Client, LogRefusal
from edge.call.clock import now_ms
from edge.call.control_listener import ControlListener
from edge.call.event_forwarder import EventForwarder
from edge.call.event_writer import UNBOUNDED, EventWriter, LogTerms
from edge.call.log_position import TAKEOVER_KIND
from edge.call.recognition import SessionRecognition
from edge.call.resync import Resync
from edge.call.session_audio import SessionAudio
from edge.call.session_bus import SessionBus
from edge.call.shell_phase import CARRIES, FINISHED, SHELL_MOVES, ShellMove
from edge.call.stage_listener import StageListener
from edge.call.takeover import Takeover
from edge.call.timer import Timer
from edge.call.turn_line import turn_line
from edge.core.call import Call
from edge.core.hearing.caller_audio import joined
from edge.core.input_log import InputLog
from edge.core.messages import effects as ef
from edge.core.messages.client_events import Measured, Trouble
from edge.core.messages.inputs import (
    AnyInput,
    BackgroundAlone,
    Finished,
    Reconfigured,
    Resumed,
    Sound,
    StageSaid,
    Ticked,
)
from runtime.bus.trace import new_trace
from runtime.moves import moved
from schemas import events as ev

log = structlog.get_logger(__name__)


class SessionShell:
    """One session on one connection, until `run` returns."""

    def __init__(
        self,
        bus: SessionBus,
        call: Call,
        client: Client,
        *,
        audio: SessionAudio | None = None,
        terms: LogTerms = UNBOUNDED,
        tells_events: bool = False,
    ) -> None:
        """Carry *call* for *client*, which also gets its events if *tells_events*.

        The events are stored on *terms*.
        """
        audio = audio or SessionAudio()
        self.tenant, self.session = session_ref = call.began.tenant, call.began.session
        self.call = call
        self.recognition = SessionRecognition(call, now_ms)
        self._client = client
        self._log = log.bind(session=self.session)
        loop = asyncio.get_running_loop()
        self._timer = Timer(now_ms=now_ms, call_later=loop.call_later)
        self._outage = outage = BusOutage(now_ms)
        self._events = EventWriter(bus, outage, terms)
        self._jobs, self._recording = terms.jobs, audio.recording
        self._audio_sender = AudioSender(
            bus, self.session, call.awaits, audio.memory, audio.wait_to_resend
        )
        self._tasks = asyncio.TaskGroup()
        self._stages = StageListener(bus, session_ref)
        self._resync = Resync(bus, call, session_ref, self._audio_sender, outage)
        self._takeover = Takeover()
        self.control = ControlListener(bus, call, self._events.stored, client.can_transfer)
        self._phase, self._inputs = CARRIES, InputLog(*session_ref)
        self._audio = audio.caller
        self._audio.configure(call.config.turns)
        self._forwarder = EventForwarder(client.tell) if tells_events else None
        self.listening = asyncio.Event()
        """Set once the stages' events are subscribed to."""

    async def run(self, *unstored: ev.Event) -> None:
        """Listen and publish until `finish`; *unstored* are the first events to store.

        The parts get their ways back to the session here: none refers to it once it is over, so
        that it is freed at once.
        """
        self._takeover.begins(self.call.began)
        for event in unstored:
            self._events.put(event)
        async with self._tasks as tasks, AsyncExitStack() as stack:
            stack.enter_context(structlog.contextvars.bound_contextvars(session=self.session))
            stack.enter_context(new_trace())
            stack.enter_context(counters.RUNNING_CALLS.track_inprogress())
            if self._recording:
                tasks.create_task(self._recording.run())
            await self._stages.listen(stack, self.give, self._take_event)
            sending = tasks.create_task(self._audio_sender.run())
            take = partial(self._stages.event, take=self._take_event)
            catching_up = tasks.create_task(self._resync.run(take))
            tasks.create_task(self.control.run(self.give))
            stack.enter_context(self._resync.linked(self._tell_bus_away))
            self.listening.set()
            needs = self._audio_sender.is_kept
            try:
                await self._events.run(needs, self._note_stored, self._log_refused)
                await sending
            finally:
                catching_up.cancel()
                self._audio_sender.forget()

    # -------------------------------------------------------- inputs of the call

    def take_audio(self, pcm: bytes) -> None:
        """Take a little audio of the caller: s16le mono 16 kHz."""
        at_ms = now_ms()
        if self._arrives(pcm, at_ms):
            self._give_sound(self._audio.hear(pcm, at_ms), at_ms)

    def take_audio_stepwise(self, pcm: bytes) -> Iterator[None]:
        """Take audio of any length as one input; yield after each step of the work."""
        at_ms = now_ms()
        if self._arrives(pcm, at_ms):
            pieces = []
            for piece in self._audio.hear_stepwise(pcm, at_ms):
                pieces.append(piece)
                yield
            self._give_sound(joined(pieces), now_ms())

    def _give_sound(self, sound: Sound, at_ms: int) -> None:
        self.give(sound, at_ms)
        if self._audio.note_background():
            self.give(BackgroundAlone())

    def _arrives(self, pcm: bytes, at_ms: int) -> bool:
        """Note that audio has come; return whether the bus is there to process it."""
        if self._outage.away and self._outage.drops_audio:
            counters.dropped("bus", len(pcm))
            return False
        if self._recording and self._carries and not self.call.control.deaf:
            self._note_recorded(self._recording.note_received(pcm, at_ms))
        return True

    def finish(self, reason: ev.EndReason, *, may_return: bool = False) -> None:
        """End the session; `run` returns when its last events are stored.

        *may_return*: the caller may resume it on another connection.
        """
        if self._phase is FINISHED:
            return
        self.give(Finished(reason, may_return))
        self._move(ShellMove.FINISH)
        self.control.close()
        self._timer.stop()
        self._events.finish()
        self._audio_sender.put(None)
        if self._recording:
            self._note_recorded(self._recording.finish(now_ms()))

    def give(self, call_input: AnyInput, at_ms: int = 0) -> None:
        """Give the call an input of *at_ms* (Unix ms; 0: now); an exception ends the call."""
        if not self._carries:
            return
        at_ms = at_ms or now_ms()
        if isinstance(call_input, Reconfigured):
            self._audio.configure(call_input.config.turns)
        try:
            if section := self._inputs.note(call_input, at_ms):
                self._queue(section)
            self._carry_out(self.call.step(call_input, at_ms))
            if self.call.next_ms < self._timer.rings_ms and self._carries:
                self._timer.set(self.call.next_ms, at_ms, self._ring)
        except Exception:  # noqa: BLE001  # `_break` logs it; it ends this call only
            self._break()
        if isinstance(call_input, Resumed):
            self._resync.request()

    def _ring(self) -> None:
        """Give the call the time, or set the timer again if the call is due later by now."""
        if not self._carries:
            return
        at_ms = now_ms()
        try:
            due_ms = self.call.due_ms(at_ms)
        except Exception:  # noqa: BLE001  # the same
            self._break()
            return
        if due_ms is None or due_ms <= at_ms:
            self.give(Ticked())
        else:
            self._timer.set(due_ms, at_ms, self._ring)

    def _break(self) -> None:
        """End the call by the exception that is being handled; the inputs until then are stored."""
        self._log.exception("call_broken")
        self._client.call_failed()
        if self._carries:
            self._move(ShellMove.STOP)
            at_ms = now_ms()
            self._queue(self._inputs.pop_section(at_ms))
            self._carry_out(self.call.break_off(at_ms))

    @property
    def _carries(self) -> bool:
        return self._phase is CARRIES

    def _move(self, move: ShellMove) -> None:
        self._phase = moved(SHELL_MOVES, self._phase, move)

    def _log_refused(self, code: LogRefusal, why: str) -> None:
        if self._carries:
            self._log.warning("log_refused", code=code, why=why)
            self._client.log_refused(code, why)

    def _note_recorded(self, why: str) -> None:
        """End the recording if there is a reason *why*."""
        if not why:
            return
        self._log.warning("recording_over_quota", why=why)
        self._recording = None
        if self._phase is not FINISHED:
            head = ev.Head(tenant=self.tenant, session=self.session, at_ms=now_ms())
            self._queue(ev.RecordingEnded(**head, reason=why))
            self._client.not_recorded(why)

    def _tell_bus_away(self) -> None:
        if self._carries:
            self._client.tell(Trouble("bus", "the event bus is away; it is waited for"))

    def _take_event(self, event: ev.AnyEvent, seq: int) -> None:
        """Take *event* of a stage or of a newer connection, stored at *seq* of the log."""
        self._note_stored(event)
        if self._takeover.is_over(event, seq):
            self._leave_to_newer()
        elif event.KIND != TAKEOVER_KIND:
            if self._forwarder and self._carries and self._takeover.is_ours(seq):
                self._forwarder.forward_stored(event, seq)
            self.give(StageSaid(event))
            if isinstance(event, ev.TranscriptFinal | ev.JobFailed):
                self._audio_sender.forget_known()

    def _note_stored(self, event: ev.Event) -> None:
        """Note a stored event of a stage or of the edge."""
        self.recognition.note_stored(event)
        if self._jobs:
            self._jobs.note_stored(event)

    def _leave_to_newer(self) -> None:
        """Stop the call, since the newer connection decides."""
        if self._carries:
            self._log.info("session_goes_on_elsewhere")
            self._queue(self._inputs.pop_section(now_ms()))
            self._move(ShellMove.STOP)
            self.control.close()
            self._client.taken_over()

    # -------------------------------------------------------- effects of the call

    def _carry_out(self, effects: list[ef.Effect]) -> None:
        for effect in effects:
            match effect:
                case ef.Publish(event):
                    counters.published(event)
                    self.recognition.published(event)
                    self._queue(event)
                    if self._forwarder and self._carries:
                        self._forwarder.forward(event)
                    if isinstance(event, ev.SessionEnded):
                        self._log.info("session_ended", reason=event.reason, turns=event.turns)
                case ef.SendAudio():
                    self._audio_sender.put(effect)
                case ef.Tell(event):
                    counters.sent(event)
                    if isinstance(event, Measured):
                        self._log.info("turn", **turn_line(event.waterfall))
                    if self._recording:
                        self._note_recorded(self._recording.note_sent(event, now_ms()))
                    self._audio.note_sent(event, now_ms())
                    self._client.tell(event)
                case ef.HangUp(code, reason):
                    self._client.hang_up(code, reason)
                case ef.AgentTransfer(call, agent):
                    self._client.transfer(call, agent)
                case ef.ResyncSpeech(turn):
                    self._tasks.create_task(self._stages.resync_speech(turn, self.give))

    def _queue(self, event: ev.Event) -> None:
        if not self._events.put(event):
            self._client.tell(Trouble("bus", "the event bus is away", fatal=True))
