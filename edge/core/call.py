"""A call: makes all decisions of one session, from its inputs alone.

Pure: no clock, no sockets, no bus. An input comes in with its time, Unix ms; effects come out in
order. The same inputs give the same effects.

This file passes each input to the caller's side (`turns.py`) and to Aura's side
(`response/responder.py`), which react to each other.
"""

import dataclasses

from edge.core import inputs
from edge.core.activity import BUSY, LISTENING, QUIET, Activity, activity
from edge.core.client_events import CallerSilent
from edge.core.client_inputs import ClientInputs
from edge.core.control import Control
from edge.core.effects import Effect, Outbox
from edge.core.hearing.caller_audio import silenced
from edge.core.hearing.segmenter import Segmenter
from edge.core.idle import Idle
from edge.core.inputs import AnyInput
from edge.core.keypad import Keypad
from edge.core.response.responder import Responder
from edge.core.session.call_phase import OVER, CallMove
from edge.core.session.current_config import CurrentConfig
from edge.core.session.history import History
from edge.core.spending import Spending
from edge.core.stage_inputs import StageInputs
from edge.core.stage_watch import StageWatch
from edge.core.turns import Turns
from edge.core.webhook import Webhook
from schemas import events as ev
from schemas.session_config import SessionConfig

Began = ev.SessionStarted | ev.SessionResumed


NEVER_MS = 1 << 60


class Call:
    """The decisions of one connection of one session."""

    def __init__(self, began: Began, history: History | None = None) -> None:
        """Begin the session of *began*; *history* is given if the session is resumed."""
        self.began = began
        self.history = history or History()
        self.history.summary.count(began)
        self.history.spend.count(began)
        if isinstance(began, ev.SessionStarted):
            self.history.agent = began.agent
        self._config = config = CurrentConfig(began.config)
        self._out = Outbox(began.tenant, began.session, self.history.summary)
        self._segmenter = Segmenter(began.config.turns, self.history.utterance, self._out.send)
        self._responder = responder = Responder(config, self.history, self._out)
        self._current = responder.current
        self._requester = responder.requester
        self._turns = turns = Turns(config, self._segmenter, responder, self.history, self._out)
        self._entry = turns.entry
        self._client_turns = turns.entry.client
        self.stages = StageWatch(config, self._segmenter, responder, turns, self._out)
        self._idle = Idle(config)
        self.control = Control(config, self._idle, self.history, responder, turns, self._out)
        self._spending = Spending(config, self.history, self._out)
        self._webhook = Webhook(config, self.history, self._out)
        self._out.followers = [self._spending.follow, self._webhook.follow]
        self._keypad = keypad = Keypad()
        self._client_inputs = ClientInputs(
            self.control, responder, turns, self._idle, keypad, self._out
        )
        self._stage_inputs = StageInputs(self.history, responder, turns, self.stages)
        self._deaf = False
        """Whether the caller's audio is ignored, as of the last `_advance`."""
        self._unchanged_until_ms = 0
        """The time until which audio alone changes nothing but the open utterance, Unix ms."""
        self.next_ms = NEVER_MS
        """The time of the next `Ticked`, or earlier: `due_ms` at the last `_advance`."""

    def step(self, given: AnyInput, now_ms: int) -> list[Effect]:
        """Take an input that arrived at *now_ms*, and return its effects in order.

        Raises:
            UnknownInputError: *given* is no input.
        """
        if not isinstance(given, inputs.Sound):
            self._wait(now_ms)
        match given:
            case inputs.Sound():
                if not self._take_sound(given, now_ms):
                    return self._out.take()
            case inputs.BackgroundAlone():
                self._turns.doubt_voice()
            case inputs.Ticked():
                pass
            case inputs.ChunkSpoken():
                self.stages.works("tts")
                self._responder.speak(given, now_ms)
            case inputs.PartialHeard():
                self._turns.partial(given, now_ms)
            case inputs.StageSaid(event):
                self._spending.count(event, now_ms)
                self._stage_inputs.receive(event, now_ms)
            case _:
                if not self._take_lifecycle_input(given, now_ms):
                    self._client_inputs.receive(given, now_ms)
        return self._advance(now_ms)

    def _take_sound(self, sound: inputs.Sound, now_ms: int) -> bool:
        """Take the caller's audio; return False if it changes nothing but the open utterance."""
        changed = now_ms >= self._unchanged_until_ms
        if response := self._current.response:
            response.client_is_there()
        for notice in self._segmenter.segment(silenced(sound) if self._deaf else sound, now_ms):
            changed = True
            self._turns.notice(notice, now_ms)
        if not changed and self.listening:
            self._idle.sound_ms = now_ms
        return changed

    def _wait(self, now_ms: int) -> None:
        """Take the silence of a microphone that stopped during an utterance."""
        for notice in self._segmenter.wait(now_ms):
            self._turns.notice(notice, now_ms)

    def _take_lifecycle_input(self, given: AnyInput, now_ms: int) -> bool:
        """Take an input that begins, ends, sets or commands the call; False for any other."""
        match given:
            case inputs.Started():
                self._out.show(self.began)
                self._idle.word(now_ms)
                if greeting := self.config.response.greeting:
                    self._requester.greet(greeting, now_ms)
            case inputs.Resumed():
                self._out.show(self.began)
                self._idle.word(now_ms)
                if begun := self.history.unfinished:
                    self.history.unfinished = None
                    self._requester.speak_on(begun, now_ms)
            case inputs.Reconfigured():
                self._reconfigure(given, now_ms)
            case inputs.Commanded():
                self.control.command(given, now_ms)
            case inputs.Finished():
                self._finish(given, now_ms)
            case _:
                return False
        return True

    def _reconfigure(self, given: inputs.Reconfigured, now_ms: int) -> None:
        self._config.now = config = given.config
        self._segmenter.configure(config.turns)
        head = self._out.head(now_ms)
        self._out.publish(ev.SessionReconfigured(**head, config=config))
        self._turns.reconfigured(now_ms)
        if given.agent:
            before = self.history.summary.agent
            self.history.agent = given.agent
            self._out.publish(ev.AgentChanged(**head, agent=given.agent, before=before))
            if not self.control.transferred(given.call):
                name, response = given.agent.name, self._current.response
                self._responder.tools.transferred(response, given.call, name, now_ms)

    def _finish(self, given: inputs.Finished, now_ms: int) -> None:
        """End the connection; a response is kept for a caller who may come back."""
        self.history.control.move(CallMove.FINISH)
        self._entry.close(now_ms, discarded=True)
        self._client_turns.clear()
        self._idle.stop()
        self._keypad.pop()
        if given.may_return:
            self._current.leave(now_ms)
        else:
            self._current.drop("hung_up", now_ms)
        summary = dataclasses.asdict(self.history.summary)
        ended = ev.SessionEnded(
            **self._out.head(now_ms), reason=given.reason, turns=self.history.responses, **summary
        )
        self._out.publish(ended)
        self._out.followers.clear()  # they refer to it: nothing stays until garbage collection

    # -------------------------------------------------------- asked by the shell

    @property
    def config(self) -> SessionConfig:
        """The session's configuration at present."""
        return self._config.now

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
        return bool(self._client_turns.handed_in) or (
            utterance is not None and utterance.transcript is None
        )

    def awaits(self, utterance: int) -> bool:
        """Tell whether the client has ended *utterance* and its words are still expected."""
        return utterance in self._client_turns.handed_in

    def due_ms(self, now_ms: int) -> int | None:
        """The time of the next `Ticked` if nothing else happens, Unix ms, or None for never."""
        activity = self._activity
        if activity is QUIET:
            times = [self._model_due_ms, self.control.due_ms]
        else:
            times = [self._segmenter.silent_from_ms, self.stages.words_expire_ms]
        if activity is BUSY:
            times.append(None if self.listening else self._keypad.due_ms)
            times += [self._responder.due_ms(now_ms), self._responder.expires_ms]
        return min((t for t in times if t is not None), default=None)

    # -------------------------------------------------------- time

    @property
    def _activity(self) -> Activity:
        utterance = self._segmenter.utterance
        keys = utterance is None and self._keypad.due_ms is not None
        pending = self._client_turns.pending or keys
        return activity(utterance, self._current.response, pending=pending)

    def _advance(self, now_ms: int) -> list[Effect]:
        activity = self._activity
        if activity is QUIET and self._ask_idle_model(now_ms):
            activity = BUSY
        if activity is BUSY:
            self._advance_speech(now_ms)
            activity = self._activity
        elif activity is LISTENING:
            self._listen(now_ms)
            activity = self._activity
        if activity is QUIET and not self._over:
            self._do_deferred(now_ms)
        self._deaf = self.control.deaf
        due_ms = self.due_ms(now_ms)
        self.next_ms = NEVER_MS if due_ms is None else due_ms
        self._unchanged_until_ms = 0 if self._has_work else self.next_ms
        return self._out.take()

    @property
    def _has_work(self) -> bool:
        """Whether something is under way, or waits until nobody speaks."""
        if self._activity is BUSY or self._over:
            return True
        waiting = self._entry.has_waiting, self.history.control.waiting, self.history.late_results
        return any(waiting)

    @property
    def _model_due_ms(self) -> int | None:
        """The time to ask the model to speak after a long silence, Unix ms, or None for never."""
        return None if self.control.silent else self._idle.response_due_ms

    def _ask_idle_model(self, now_ms: int) -> bool:
        """Ask the model to speak after a long silence; return whether it was asked."""
        due_ms = self._model_due_ms
        if due_ms is None or now_ms < due_ms:
            return False
        self._idle.stop()
        self._out.tell(CallerSilent(self.config.turns.idle_ms))
        self._client_turns.request(inputs.ResponseRequested(""))
        return True

    def _advance_speech(self, now_ms: int) -> None:
        keys_due_ms = self._keypad.due_ms
        if keys_due_ms is not None and now_ms >= keys_due_ms and not self.listening:
            self._entry.typed(self._keypad.pop(), now_ms)
        if self._current.response:
            self._idle.word(now_ms)
            self._responder.advance(now_ms)
            self.stages.check_response(now_ms)
        if self.control.silent:
            self._client_turns.drop_requests()
        self._client_turns.respond(now_ms)
        self._listen(now_ms)

    def _listen(self, now_ms: int) -> None:
        self.stages.check_words(now_ms)
        if not self._over:
            self._idle.sound_ms = now_ms

    def _do_deferred(self, now_ms: int) -> None:
        """Do the work that had to wait until nobody speaks."""
        if not self._entry.take_waiting(now_ms):
            self.control.advance(now_ms)
        has_late_results = self.history.late_results and self.config.turns.respond
        if has_late_results and self._activity is QUIET and not self.control.silent:
            self._requester.respond_to_late_results(now_ms)

    @property
    def _over(self) -> bool:
        return self.history.control.phase is OVER
