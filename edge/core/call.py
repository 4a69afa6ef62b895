"""A call: all its decisions, from its inputs alone. Whose turn it is, what is heard, what is told.

Pure: no clock, no sockets, no bus. An input comes in with its time, Unix ms; what is to be done
comes out as effects, in order. The same inputs give the same effects.

The caller's side (`turns.py`) and Aura's side (`response/responder.py`) are two machines, each
drawn in its room. Here inputs meet them, and here a stage that does not answer is noticed.
"""

from __future__ import annotations

import dataclasses

from edge.core import inputs
from edge.core.client_events import CallerSilent, Trouble
from edge.core.control import Control
from edge.core.effects import Effect, Outbox
from edge.core.hearing.framing import SILENCE
from edge.core.hearing.segmenter import Segmenter
from edge.core.inputs import AnyInput
from edge.core.keypad import Keypad
from edge.core.response.responder import Responder
from edge.core.session.history import History
from edge.core.turns import Turns
from schemas import events as ev
from schemas.control import AnyCommand, Fault

SILENT_STAGE_MS = 3000
"""An awaited stage that is silent for so long: the log is read for its answer."""
FATAL_FAILURES = 3
"""Failures of one stage in a row after which it counts as down."""

Began = ev.SessionStarted | ev.SessionResumed


class UnknownInputError(TypeError):
    """The call was given something that is no input: a fault of ours."""


class Call:
    """The decisions of one connection of one session."""

    def __init__(self, began: Began, history: History | None = None) -> None:
        """Begin as *began* says: whose session it is, and what it is set to.

        *history* is what is known of a session that goes on.
        """
        self.began = began
        self.history = history or History()
        self.history.summary.take(began)
        if isinstance(began, ev.SessionStarted):
            self.history.agent = began.agent
        self.config = config = began.config
        self._out = Outbox(began.tenant, began.session, self.history.summary)
        self._segmenter = Segmenter(config.turns, self.history.utterance)
        self._responder = Responder(config, self.history, self._out)
        self._turns = Turns(config, self._segmenter, self._responder, self.history, self._out)
        self._control = Control(config, self.history, self._responder, self._turns, self._out)
        self._keypad = Keypad()
        self._failures: dict[ev.FaultyPart, int] = {}
        self._quiet_since_ms: int | None = None
        """When the last response or utterance was over, Unix ms; None: Aura has spoken up since."""
        self._over = False

    def step(self, given: AnyInput, now_ms: int) -> list[Effect]:
        """Take an input that came at *now_ms*, and return what is to be done, in order.

        Raises:
            UnknownInputError: *given* is no input.
        """
        match given:
            case inputs.Sound():
                self._responder.client_is_there()
                heard = _unheard(given) if self._control.deaf else given
                for notice in self._segmenter.hear(heard, now_ms):
                    if notice.audio and not notice.change:  # most of them
                        self._out.send(notice.audio)
                    else:
                        self._turns.notice(notice, now_ms)
            case inputs.BackgroundAlone():
                self._turns.doubt_voice()
            case inputs.Ticked():
                for notice in self._segmenter.wait(now_ms):
                    self._turns.notice(notice, now_ms)
            case inputs.ChunkSpoken():
                self._failures.pop("tts", None)
                self._responder.speak(given, now_ms)
            case inputs.PartialHeard():
                self._turns.partial(given, now_ms)
            case inputs.StageSaid(event):
                self._receive(event, now_ms)
            case _:
                if not self._begins_or_ends(given, now_ms) and not self._counts_for_nothing(given):
                    self._of_the_client(given, now_ms)
        return self._advance(now_ms)

    # -------------------------------------------------------- inputs

    def _begins_or_ends(self, given: AnyInput, now_ms: int) -> bool:
        """Begin or end the call, set or command it; False where *given* is none of that."""
        match given:
            case inputs.Started():
                self._control.word(now_ms)
                if greeting := self.config.response.greeting:
                    self._responder.greet(greeting, now_ms)
            case inputs.Resumed():
                self._control.word(now_ms)
                if begun := self.history.unfinished:
                    self.history.unfinished = None
                    self._responder.speak_on(begun, now_ms)
            case inputs.Reconfigured():
                self._reconfigure(given, now_ms)
            case inputs.Commanded():
                self._control.command(given, now_ms)
            case inputs.Finished():
                self._finish(given, now_ms)
            case _:
                return False
        return True

    def _reconfigure(self, given: inputs.Reconfigured, now_ms: int) -> None:
        self.config = config = given.config
        self._segmenter.configure(config.turns)
        self._responder.configure(config)
        self._turns.configure(config)
        self._control.configure(config)
        head = self._out.head(now_ms)
        self._out.publish(ev.SessionReconfigured(**head, config=config))
        if given.agent:
            before = self.history.summary.agent
            self.history.agent = given.agent
            self._out.publish(ev.AgentChanged(**head, agent=given.agent, before=before))
            self._responder.transferred(given.call, given.agent.name, now_ms)

    def _counts_for_nothing(self, given: AnyInput) -> bool:
        """Tell whether the caller is muted, or wants to stop what they cannot stop."""
        match given:
            case inputs.Typed() | inputs.TurnEnded() | inputs.KeyPressed():
                return self._control.deaf
            case inputs.Cancelled():
                return self._responder.firm
            case _:
                return False

    def _of_the_client(self, given: AnyInput, now_ms: int) -> None:
        self._responder.client_is_there()
        match given:
            case inputs.Typed(text):
                self._turns.typed(text, now_ms)
            case inputs.TurnEnded():
                self._turns.end(now_ms)
            case inputs.Cancelled():
                self._responder.interrupt(now_ms)
            case inputs.TurnDiscarded():
                self._turns.discard(now_ms)
            case inputs.Played():
                self._responder.played(given, now_ms)
            case inputs.Truncated():
                self._responder.truncate(given, now_ms)
            case inputs.ItemAdded() | inputs.ItemRemoved():
                self._edit(given, now_ms)
            case inputs.ResponseAsked():
                self._turns.client.asked.append(given)
            case inputs.ToolResult():
                self._responder.client_result(given, now_ms)
            case inputs.KeyPressed(keys):
                self._out.publish(ev.KeysPressed(**self._out.head(now_ms), keys=keys))
                self._control.word(now_ms)
                self._responder.interrupt(now_ms)
                self._keypad.press(keys, now_ms)
            case _:
                raise UnknownInputError(type(given).__name__)

    def _edit(self, given: inputs.ItemAdded | inputs.ItemRemoved, now_ms: int) -> None:
        """Put a message into the conversation or take one out."""
        head = self._out.head(now_ms)
        match given:
            case inputs.ItemAdded(key=key, role=role, text=text, after=after):
                if self.history.add(key, role, text, after):
                    added = ev.MessageAdded(**head, key=key, role=role, text=text, after=after)
                    self._out.publish(added)
            case inputs.ItemRemoved(key):
                self.history.remove(key)
                self._out.publish(ev.MessageRemoved(**head, key=key))

    def _receive(self, event: ev.AnyEvent, now_ms: int) -> None:
        """Take an event of a stage; late, repeated and unknown ones change nothing."""
        match event:
            case ev.TranscriptGuess():
                self._failures.pop("stt", None)
                self._turns.guess(event, now_ms)
            case ev.TranscriptFinal(utterance=number, text=text) if number in self._turns.cut_off:
                self._turns.cut_off.discard(number)
                self.history.carried.append(text)
            case ev.TranscriptFinal(utterance=number) if number in self._turns.client.handed_in:
                self._turns.client.words_of(event, now_ms, respond=self.config.turns.respond)
            case ev.ResponseCompleted(sentences=0, step=0, calls=0, turn=turn) if self._wants(turn):
                self._trouble("llm", "the language model had nothing to say", now_ms)
            case ev.JobFailed():
                self._failed(event, now_ms)
            case ev.ToolReturned() | ev.ToolFailed():
                self._responder.receive(event, now_ms)
            case ev.ResponseSentence() | ev.ResponseCompleted() | ev.ToolCalled():
                self._failures.pop("llm", None)
                self._responder.receive(event, now_ms)
            case ev.SpeechReady():
                self._failures.pop("tts", None)
                self._responder.receive(event, now_ms)
            case _:
                pass

    def _finish(self, given: inputs.Finished, now_ms: int) -> None:
        """End the conversation; a response is left to a caller who may come back to it."""
        self._over = True
        self._turns.close(now_ms, discarded=True)
        self._turns.client.clear()
        self._quiet_since_ms = None
        self._keypad.take()
        if given.may_return:
            self._responder.leave(now_ms)
        else:
            self._responder.drop("hung_up", now_ms)
        summary = dataclasses.asdict(self.history.summary)
        ended = ev.SessionEnded(
            **self._out.head(now_ms), reason=given.reason, turns=self.history.answered, **summary
        )
        self._out.publish(ended)

    # -------------------------------------------------------- what the shell asks

    @property
    def responding(self) -> bool:
        """A response is on its way to the caller's ear."""
        return self._responder.response is not None

    @property
    def listening(self) -> bool:
        """An utterance is open: silence counts."""
        return self._segmenter.utterance is not None

    @property
    def deaf(self) -> bool:
        """Nothing of the caller is heard, and nothing of it is to be recorded."""
        return self._control.deaf

    def refuses(self, command_id: str, command: AnyCommand) -> Fault | None:
        """Return why the call would not do *command*; None: it would, or did it already."""
        return self._control.refuses(command_id, command)

    @property
    def wants_words(self) -> bool:
        """The caller speaks, or has paused and the words are not here yet."""
        utterance = self._segmenter.utterance
        return bool(self._turns.client.handed_in) or (
            utterance is not None and utterance.guess is None
        )

    def awaits(self, utterance: int) -> bool:
        """Tell whether the client has ended *utterance*, and its words are still to be entered."""
        return utterance in self._turns.client.handed_in

    def due_ms(self, now_ms: int) -> int | None:
        """When `Ticked` is worth giving if nothing else happens, Unix ms; None: never."""
        if self._idle:
            times = [self._speaks_up_ms, self._control.due_ms]
            return min((t for t in times if t is not None), default=None)
        times = [self._segmenter.silent_from_ms, self._words_expire_ms]  # asked after every frame
        times.append(None if self.listening else self._keypad.due_ms)
        if self._responder.response:
            times += [self._responder.due_ms(now_ms), self._responder.expires_ms]
        known = [t for t in times if t is not None]
        return min(known) if known else None

    def misses_news(self, now_ms: int) -> bool:
        """Tell whether the stages are silent for longer than they should be.

        Their answers may have been lost between the log and this edge: it is worth reading.
        """
        waits = (self._responder.expires_ms, self._words_expire_ms)
        tools_since_ms = self._responder.tools_since_ms
        if tools_since_ms is not None and now_ms >= tools_since_ms + SILENT_STAGE_MS:
            return True
        late_ms = self.config.response.deadline_ms - SILENT_STAGE_MS
        return any(t is not None and now_ms >= t - late_ms for t in waits)

    # -------------------------------------------------------- time, and stages that fail

    @property
    def _idle(self) -> bool:
        """Nobody speaks and nothing is said: the state of most calls most of the time."""
        if self._segmenter.utterance or self._responder.response:
            return False
        if self._keypad.due_ms is not None:
            return False
        return not self._turns.client.asked and not self._turns.client.handed_in

    def _advance(self, now_ms: int) -> list[Effect]:
        if self._idle and not self._control.silent:
            self._speaks_up(now_ms)
        if not self._idle:
            self._advance_speech(now_ms)
        if self._idle and not self._over and not self._turns.take_waiting(now_ms):
            self._control.advance(now_ms)
        wants_news = self.config.turns.respond and not self._over and not self._control.silent
        if self._idle and self.history.news and wants_news:
            self._responder.tell_news(now_ms)
        return self._out.take()

    def _advance_speech(self, now_ms: int) -> None:
        keys_due_ms = self._keypad.due_ms
        if keys_due_ms is not None and now_ms >= keys_due_ms and not self.listening:
            self._turns.typed(self._keypad.take(), now_ms)
        if self._responder.response:
            self._control.word(now_ms)
            self._responder.advance(now_ms)
            if (expires_ms := self._responder.expires_ms) is not None and now_ms >= expires_ms:
                response = self._responder.response
                spoken = response is not None and bool(response.sentences)
                stage: ev.StageName = "tts" if spoken and not response.waits_for_model else "llm"
                self._trouble(stage, f"nothing came within {self._patience}", now_ms)
        if self._control.silent:
            self._turns.client.asked.clear()
        self._turns.client.respond(now_ms)
        if (expires_ms := self._words_expire_ms) is not None and now_ms >= expires_ms:
            self._trouble("stt", f"no words came within {self._patience}", now_ms)
        self._quiet_since_ms = None if self._over else now_ms  # or so it is if nothing goes on now

    @property
    def _speaks_up_ms(self) -> int | None:
        """When the caller has been silent for too long, Unix ms; None: never."""
        if not self.config.turns.idle_ms or self._quiet_since_ms is None:
            return None
        return self._quiet_since_ms + self.config.turns.idle_ms

    def _speaks_up(self, now_ms: int) -> None:
        """Respond to a silence that has lasted for too long."""
        due_ms = self._speaks_up_ms
        if due_ms is None or now_ms < due_ms:
            return
        self._quiet_since_ms = None
        self._out.tell(CallerSilent(self.config.turns.idle_ms))
        self._turns.client.asked.append(inputs.ResponseAsked(""))

    @property
    def _patience(self) -> str:
        return f"{self.config.response.deadline_ms / 1000:g} s"

    @property
    def _words_expire_ms(self) -> int | None:
        """When the recogniser has taken too long for the words up to a pause, Unix ms."""
        utterance = self._segmenter.utterance
        if handed_in := self._turns.client.handed_in:
            return min(handed_in.values()) + self.config.response.deadline_ms
        if utterance is None or not self._segmenter.paused or self.config.turns.by_client:
            return None
        if utterance.guess is not None and not self._turns.cut_off:
            return None
        return utterance.paused_ms + self.config.response.deadline_ms

    def _wants(self, turn: int) -> bool:
        return self._responder.response is not None and self._responder.response.turn == turn

    def _failed(self, event: ev.JobFailed, now_ms: int) -> None:
        utterance = self._segmenter.utterance
        if event.stage == "stt":
            self._turns.cut_off.discard(event.utterance)
            awaited = event.utterance in self._turns.client.handed_in
            if awaited or (utterance and utterance.number == event.utterance):
                self._trouble("stt", event.reason, now_ms)
        elif event.stage != "tool" and self._wants(event.turn):  # a call has a deadline of its own
            self._trouble(event.stage, event.reason, now_ms)

    def _trouble(self, stage: ev.FaultyPart, reason: str, now_ms: int) -> None:
        """Give up what the stage failed at, tell the caller, and go on unless it is down.

        A failed speculative response is not told: it is asked for again when the turn is certain.
        """
        responder, response = self._responder, self._responder.response
        if stage == "stt":
            self._turns.cut_off.clear()
            self._turns.client.handed_in.clear()
            self._turns.close(now_ms, discarded=True)
            responder.dismiss(now_ms)
            if responder.uncommitted:  # to words that are given up
                responder.drop("failed", now_ms)
        elif responder.uncommitted:
            responder.drop("failed", now_ms)
            return
        elif response and stage == "llm" and response.tool_steps.is_used:
            responder.apologize(now_ms)
        else:
            responder.drop("failed", now_ms)
            if response and response.turn == 0:  # a greeting without a voice is still a greeting
                self._out.tell(response.playback.unspoken())
        self._failures[stage] = self._failures.get(stage, 0) + 1
        fatal = self._failures[stage] >= FATAL_FAILURES
        head = self._out.head(now_ms)
        self._out.publish(ev.TroubleTold(**head, stage=stage, reason=reason, fatal=fatal))
        self._out.tell(Trouble(stage, reason, fatal))


def _unheard(sound: inputs.Sound) -> inputs.Sound:
    """Return silence as long as *sound*."""
    frames = len(sound.voiced)
    return inputs.Sound(SILENCE * frames, (False,) * frames, sound.size)
