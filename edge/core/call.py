"""A call: makes all decisions of one session, from its inputs alone.

Pure: no clock, no sockets, no bus. An input comes in with its time, Unix ms; effects come out in
order. The same inputs give the same effects.

This file passes each input to the caller's side (`turn_taking/turns.py`) and to Aura's
side (`response/responder.py`), which react to each other.
"""

from edge.core.hearing.caller_audio import silenced
from edge.core.hearing.segmenter import Segmenter
from edge.core.messages import inputs
from edge.core.messages.client_events import CallerSilent
from edge.core.messages.effects import Effect, Outbox
from edge.core.messages.inputs import AnyInput
from edge.core.operators.control import Control
from edge.core.operators.spending import Spending
from edge.core.operators.webhook import Webhook
from edge.core.response.current_response import CurrentResponse
from edge.core.response.requester import Requester
from edge.core.response.responder import Responder
from edge.core.response.tool_turns import ToolTurns
from edge.core.session.call_phase import OVER, CallMove
from edge.core.session.current_config import CurrentConfig
from edge.core.session.history import History
from edge.core.stages.stage_inputs import StageInputs
from edge.core.stages.stage_watch import StageWatch
from edge.core.turn_taking.activity import BUSY, QUIET, Activity, activity
from edge.core.turn_taking.client_inputs import ClientInputs
from edge.core.turn_taking.endpointer import Endpointer
from edge.core.turn_taking.idle import Idle
from edge.core.turn_taking.keypad import Keypad
from edge.core.turn_taking.turn_entry import TurnEntry
from edge.core.turn_taking.turns import Turns
from schemas import events as ev
from schemas.session_config import SessionConfig

Began = ev.SessionStarted | ev.SessionResumed
NEVER_MS = 1 << 60


class Call:
    """The decisions of one connection of one session."""

    def __init__(self, began: Began, history: History | None = None) -> None:
        """Begin the session of *began*; *history* is given if the session is resumed."""
        self.began = began
        self.history = history = history or History()
        history.read(began)
        self._config = config = CurrentConfig(began.config)
        self._out = out = Outbox(began.tenant, began.session, history.summary)
        self._segmenter = segmenter = Segmenter(began.config.turns, history.utterance, out.send)
        # Aura's side
        tools = ToolTurns(config, history, out)
        self._current = current = CurrentResponse(history, tools, out)
        self._requester = requester = Requester(config, current, tools, history, out)
        self._responder = responder = Responder(config, current, requester, tools, out)
        # the caller's side
        self._idle = idle = Idle(config)
        self._keypad = keypad = Keypad(idle, out)
        self._entry = entry = TurnEntry(
            config, segmenter, current, requester, history, idle, keypad, out
        )
        endpointer = Endpointer(config, history, requester)
        self._turns = turns = Turns(config, segmenter, endpointer, current, entry, out)
        # both sides
        self.control = Control(config, history.control, current, requester, entry, out)
        self.stages = StageWatch(config, responder, entry, history.awaited, out)
        self._client_inputs = ClientInputs(current, requester, responder, turns, entry, keypad)
        self._stage_inputs = StageInputs(responder, turns, entry, self.stages)
        self._spending = Spending(config, history, out)
        out.followers = [self._spending.follow, Webhook(config, history, out).follow]
        self._deaf = False
        """Whether the caller's audio is ignored, as of the last `_advance`."""
        self._active = False
        """Whether the call was not quiet after the last `_advance`."""
        self.next_ms = 0
        """The time of the next `Ticked`, or earlier: `due_ms` at the last `_advance`.

        Until then audio alone changes nothing but the open utterance."""

    def step(self, call_input: AnyInput, now_ms: int) -> list[Effect]:
        """Take an input that arrived at *now_ms*, and return its effects in order."""
        if self.history.control.phase is OVER:
            self.next_ms = NEVER_MS
            return []
        if isinstance(call_input, inputs.Sound):
            changed = self._hear(call_input, now_ms)
            return self._advance(now_ms) if changed else self._out.take()
        for segmented in self._segmenter.wait(now_ms):  # a microphone stopped while speaking
            self._turns.take(segmented, now_ms)
        match call_input:
            case inputs.Ticked():
                pass
            case inputs.BackgroundAlone():
                self._turns.doubt_voice()
            case inputs.ChunkSpoken() | inputs.PartialTranscript() | inputs.StageSaid():
                self._from_stage(call_input, now_ms)
            case inputs.Started() | inputs.Resumed():
                self._begin(call_input, now_ms)
            case inputs.Reconfigured():
                self._reconfigure(call_input, now_ms)
            case inputs.Commanded():
                self.control.command(call_input, self._idle, now_ms)
            case inputs.Finished():
                self._finish(call_input, now_ms)
                return self._out.take()
            case _:
                self._client_inputs.receive(call_input, now_ms, deaf=self.control.deaf)
        return self._advance(now_ms)

    def _hear(self, sound: inputs.Sound, now_ms: int) -> bool:
        """Hear the caller; return False if *sound* changes nothing but the open utterance."""
        changed = now_ms >= self.next_ms
        if self._current.response:
            self._current.client_is_there()
        for segmented in self._segmenter.segment(silenced(sound) if self._deaf else sound, now_ms):
            changed = True
            self._turns.take(segmented, now_ms)
        if not changed and self._active:
            self._idle.sound_ms = now_ms
            if self._current.response:
                self._idle.note_word(now_ms)
        return changed

    def _from_stage(
        self,
        call_input: inputs.ChunkSpoken | inputs.PartialTranscript | inputs.StageSaid,
        now_ms: int,
    ) -> None:
        match call_input:
            case inputs.ChunkSpoken():
                self.stages.works("tts")
                self._responder.speak(call_input, now_ms)
            case inputs.PartialTranscript():
                self._turns.partial(call_input, now_ms)
            case inputs.StageSaid(event):
                self._spending.count(event, now_ms)
                self._stage_inputs.receive(event, now_ms)

    def _begin(self, call_input: inputs.Started | inputs.Resumed, now_ms: int) -> None:
        """Greet the caller of a new session, or continue the response that was cut."""
        self._out.show(self.began)
        self._idle.note_word(now_ms)
        earlier, self.history.unfinished = self.history.unfinished, None
        if isinstance(call_input, inputs.Resumed):
            if earlier:
                self._requester.speak_on(earlier, now_ms)
        elif greeting := self.config.response.greeting:
            self._requester.greet(greeting, now_ms)

    def _reconfigure(self, change: inputs.Reconfigured, now_ms: int) -> None:
        self._config.current = config = change.config
        self._segmenter.configure(config.turns)
        head = self._out.head(now_ms)
        self._out.publish(ev.SessionReconfigured(**head, config=config))
        self._turns.reconfigured(now_ms)
        if change.agent:
            before = self.history.summary.agent
            self.history.agent = change.agent
            self._out.publish(ev.AgentChanged(**head, agent=change.agent, before=before))
            if not self.control.transferred(change.call):
                self._responder.transferred(change.call, change.agent.name, now_ms)

    def _finish(self, finish: inputs.Finished, now_ms: int) -> None:
        """End the connection; a response is kept for a caller who may come back.

        Inputs that come later change nothing.
        """
        self.next_ms = NEVER_MS
        self.history.control.move(CallMove.FINISH)
        if finish.may_return:
            self._turns.suspend(now_ms, deaf=self._deaf)
            self._current.suspend(now_ms)
        else:
            self._entry.end_utterance(now_ms, discarded=True)
            self._current.drop("hung_up", now_ms)
        self._entry.clear()
        self._idle.stop()
        self._out.end(finish.reason, self.history.responses, self.began.at_ms, now_ms)

    def break_off(self, now_ms: int) -> list[Effect]:
        """End the connection after an exception, and return the effects.

        The effects of the input that raised it are dropped.
        """
        self._out.take()
        self._out.end("failed", self.history.responses, self.began.at_ms, now_ms)
        return self._out.take()

    # -------------------------------------------------------- read by the shell

    @property
    def config(self) -> SessionConfig:
        """The session's configuration at present."""
        return self._config.current

    @property
    def responding(self) -> bool:
        """Whether a response is on its way to the caller."""
        return self._current.response is not None

    @property
    def listening(self) -> bool:
        """Whether an utterance is open, so that silence counts."""
        return self._segmenter.utterance is not None

    @property
    def wants_words(self) -> bool:
        """Whether the caller speaks, or has paused and the words have not arrived."""
        utterance = self._segmenter.utterance
        open_words = utterance is not None and utterance.transcript is None
        return open_words or self.history.awaited.has_turn

    def awaits(self, utterance: int) -> bool:
        """Tell whether the words of *utterance* are awaited as a turn."""
        return self.history.awaited.use_of(utterance) == "turn"

    def due_ms(self, now_ms: int) -> int | None:
        """The time of the next `Ticked` if nothing else happens, Unix ms, or None for never."""
        return self._due_ms(self._activity, now_ms)

    def _due_ms(self, activity: Activity, now_ms: int) -> int | None:
        if activity is QUIET:
            times = [self._model_due_ms, self.control.due_ms(self._idle)]
        else:
            times = [self._segmenter.silent_from_ms, self.stages.words_expire_ms]
        if activity is BUSY:
            times.append(None if self.listening else self._keypad.due_ms)
            times += [self._responder.due_ms(now_ms), self._responder.expires_ms]
        return min((t for t in times if t is not None), default=None)

    # -------------------------------------------------------- time

    @property
    def _activity(self) -> Activity:
        utterance, response = self._segmenter.utterance, self._current.response
        return activity(utterance, response, pending=response is None and self._is_pending)

    @property
    def _is_pending(self) -> bool:
        keys = not self.listening and self._keypad.due_ms is not None
        return keys or self.history.queued.has_responses or self.history.awaited.has_turn

    def _advance(self, now_ms: int) -> list[Effect]:
        activity = self._activity
        if activity is QUIET and self._ask_idle_model(now_ms):
            activity = BUSY
        if activity is not QUIET:
            if activity is BUSY:
                self._advance_speech(now_ms)
            self.stages.check_words(now_ms)
            self._idle.sound_ms = now_ms
            activity = self._activity
        if activity is QUIET:
            self._do_deferred(now_ms)
            activity = self._activity
        self._deaf = self.control.deaf
        self._active = activity is not QUIET
        due_ms = self._due_ms(activity, now_ms)
        self.next_ms = NEVER_MS if due_ms is None else due_ms
        return self._out.take()

    @property
    def _model_due_ms(self) -> int | None:
        """The time to ask the model to speak after a long silence, Unix ms, or None for never."""
        return None if self.history.control.model_off else self._idle.response_due_ms

    def _ask_idle_model(self, now_ms: int) -> bool:
        """Ask the model to speak after a long silence; return whether it was asked."""
        due_ms = self._model_due_ms
        if due_ms is None or now_ms < due_ms:
            return False
        self._idle.stop()
        self._out.tell(CallerSilent(self.config.turns.idle_ms))
        self.history.queued.wants_response = True
        return True

    def _advance_speech(self, now_ms: int) -> None:
        if self._keypad.is_due(now_ms) and not self.listening:
            self._entry.typed(self._keypad.pop(), now_ms)
        if self._current.response:
            self._idle.note_word(now_ms)
            self._responder.advance(now_ms)
            self.stages.check_response(now_ms)
        if self.history.control.model_off:
            self._requester.refuse_queued()
        if not self.history.awaited.has_turn:
            self._requester.respond_to_queued(now_ms)

    def _do_deferred(self, now_ms: int) -> None:
        """Do the work that had to wait until nobody speaks."""
        self._entry.take_queued(now_ms)
        if self._activity is QUIET:
            self.control.advance(self._idle, now_ms)
        has_late_results = self.history.late_results and self.config.turns.respond
        if has_late_results and self._activity is QUIET and not self.history.control.model_off:
            self._requester.respond(inputs.ResponseRequested(""), now_ms)
