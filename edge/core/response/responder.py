"""Aura's side of a call: one response at a time, asked for, committed, held, interrupted, settled.

A response's phases are drawn in `response.py`, its interruption in `interruption.py`.
"""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from edge.core.client_events import Interrupted, Measured, ResponseDropped, ResponseStarted
from edge.core.effects import Outbox
from edge.core.hearing.utterance import Utterance
from edge.core.inputs import ChunkSpoken, Played, ResponseAsked, ToolResult, Truncated
from edge.core.response.given_text import as_events, pieces
from edge.core.response.handover import end, rest_of
from edge.core.response.interruption import Move
from edge.core.response.playback import BEGINNING, Playback
from edge.core.response.response import Phase, Response
from edge.core.response.speaker import speaker
from edge.core.response.tool_turns import ToolTurns
from edge.core.session.history import History, UnfinishedResponse
from edge.core.session.message_names import response_key
from schemas import events as ev
from schemas.session_config import SessionConfig


@dataclass
class Speculation:
    """What speculative responses cost since the last measured turn."""

    taken: int = 0
    retracted: int = 0
    sentences: int = 0


InterruptionEvent = ev.InterruptionSuspected | ev.InterruptionStopped | ev.InterruptionDismissed


class Responder:
    """Holds the response that is wanted now; words and audio of any other turn are stale."""

    def __init__(self, config: SessionConfig, history: History, out: Outbox) -> None:
        self.response: Response | None = None
        self.history = history
        self.model_tells_eot = config.turns.ask_eot
        """The language model says how surely the caller's turn is over, as far as is known."""
        self._config = config
        self._out = out
        self._speculation = Speculation()
        self._tools = ToolTurns(config, history, out)
        self._last: Response | None = None
        """The one that was settled last: a client may yet say how much of it was heard."""

    def configure(self, config: SessionConfig) -> None:
        """Make responses from here on by *config*."""
        self._config = config
        self.model_tells_eot = config.turns.ask_eot
        self._tools.configure(config)

    @property
    def uncommitted(self) -> Response | None:
        """The speculative response, while the caller may yet go on."""
        response = self.response
        return response if response and response.phase is Phase.SPECULATIVE else None

    @property
    def held(self) -> bool:
        """An interruption of the response is suspected."""
        return self.response is not None and self.response.held

    @property
    def firm(self) -> bool:
        """There is a response that the caller cannot interrupt."""
        return self.response is not None and self.response.firm

    # -------------------------------------------------------- asking for a response

    def greet(self, text: str, now_ms: int) -> None:
        """Speak the greeting *text* as turn 0."""
        voice = self._config.voice
        if voice.delivery == "chunks":  # a greeting is one message in every client protocol
            voice = msgspec.structs.replace(voice, delivery="sentences")
        response = Response(0, "", 1.0, Playback(0, voice), now_ms, now_ms)
        response.not_before_ms = now_ms + self._config.response.greeting_wait_ms
        self._speak(response, [text], now_ms)

    def client_is_there(self) -> None:
        """Let a greeting go that waits for a sign of the client."""
        if self.response:
            self.response.not_before_ms = 0

    def say(self, text: str, now_ms: int, *, firm: bool, command_id: str = "") -> None:
        """Speak *text*, which a command or the edge itself gave, as a turn of its own.

        *firm*: the caller cannot interrupt it.
        """
        turn = self._begin_turn(command_id, now_ms)
        playback = Playback(turn, self._config.voice)
        response = Response(turn, "", 1.0, playback, now_ms, now_ms, given=True, firm=firm)
        self._speak(response, pieces(text), now_ms)

    def _begin_turn(self, command_id: str, now_ms: int) -> int:
        """Return the number of a turn in which the caller says nothing."""
        turn = self.history.turn + 1
        head = self._out.head(now_ms)
        self._out.publish(ev.ControlSpoken(**head, turn=turn, command_id=command_id))
        self.history.control.spoken_as(command_id, turn)
        self.history.turn = turn
        self._out.tell(ResponseStarted(turn))
        return turn

    def _speak(self, response: Response, sentences: list[str], now_ms: int) -> None:
        """Have *sentences*, all there are of the *response*, spoken."""
        response.move_on(Phase.COMMITTED)
        self.response = response
        given, completed = as_events(
            sentences,
            self._out.head(now_ms),
            response.turn,
            deadline_ms=now_ms + self._config.response.deadline_ms,
            text_only=self._config.voice.delivery == "text",
            speaker=speaker(self._config),
        )
        for sentence in given:
            response.sentence(self._out.publish(sentence), now_ms)
        response.complete(self._out.publish(completed), now_ms)

    def speak_on(self, begun: UnfinishedResponse, now_ms: int) -> None:
        """Go on with the response of an earlier connection: speak the rest of it, or end it."""
        self.response = rest_of(begun, self._config.voice, now_ms)
        if self.response:
            self.history.drop_carried(begun.text)
            self._tools.run_on(self.response, now_ms)
        else:
            end(begun, self.history, self._out, now_ms)

    def take(
        self,
        utterance: Utterance,
        guess: ev.TranscriptGuess,
        now_ms: int,
        *,
        speculative: bool,
        ask_eot: bool = False,
    ) -> Response:
        """Ask the language model to respond to the turn that *guess* ends.

        *speculative*: the end is not certain yet. *ask_eot*: the model is asked for that, too.
        """
        response = self._ask(
            utterance, guess.text, now_ms, speculative=speculative, ask_eot=ask_eot
        )
        response.confidence = guess.confidence
        response.speech_end_ms = utterance.speech_end_ms
        response.step("pause_ms", utterance.paused_ms)
        response.step("transcript_ms", utterance.guess_at_ms)
        response.step("taken_ms", now_ms)
        response.steps["stt_ms"] = guess.took_ms
        return response

    def take_typed(self, text: str, now_ms: int) -> Response:
        """Ask the language model to respond to a turn that was typed."""
        typed = Utterance(0)
        response = self._ask(typed, text, now_ms, speculative=False, ask_eot=False)
        response.typed = True
        return response

    def follow(self, instruction: str, command_id: str, now_ms: int) -> None:
        """Ask for a response to an *instruction*: the caller said nothing."""
        history, turn = self.history, self._begin_turn(command_id, now_ms)
        history.tell_news()
        carried = history.take_carried("")
        playback = Playback(turn, self._config.voice)
        self.response = response = Response(turn, carried, 1.0, playback, now_ms, now_ms)
        known = history.window(carried or None, self._config.response.history_messages)
        messages = (*known, ev.Message("user", instruction))
        self._take(response, Utterance(0), messages, self._config, now_ms)
        self.commit(response, now_ms)

    def enter(self, words: str, confidence: float, now_ms: int) -> str:
        """Enter a turn of the caller that gets no response; return the words not told before."""
        history, head = self.history, self._out.head(now_ms)
        history.turn += 1
        text, untold = history.take_carried(words), history.untold(words)
        history.answer_carried()
        committed = ev.TurnCommitted(
            **head, turn=history.turn, text=text, confidence=confidence, guessed=False
        )
        self._out.publish(committed)
        history.settle(text, "", None, history.turn)
        nothing = ev.AnswerHeard(**head, turn=history.turn, text="", complete=False, played_ms=0)
        self._out.publish(nothing)
        return untold

    def respond(self, asked: ResponseAsked, now_ms: int) -> None:
        """Ask the language model for a response that the client wants, and commit it."""
        history, config = self.history, asked.config or self._config
        history.turn += 1
        history.tell_news()
        carried = history.take_carried("") if asked.messages is None else ""
        response = Response(
            turn=history.turn,
            text=carried,
            confidence=1.0,
            playback=Playback(history.turn, config.voice),
            speech_end_ms=now_ms,
            taken_ms=now_ms,
            kept=asked.kept,
        )
        self.response = response
        messages = asked.messages
        if messages is None:
            messages = history.window(carried or None, config.response.history_messages)
        self._take(response, Utterance(0), messages, config, now_ms)
        self._out.tell(ResponseStarted(response.turn, asked.ask))
        self.commit(response, now_ms)

    def tell_news(self, now_ms: int) -> None:
        """Respond to the result of a tool that outlived its turn: nobody speaks now."""
        response = self._ask(Utterance(0), None, now_ms, speculative=False, ask_eot=False)
        self._out.tell(ResponseStarted(response.turn))
        self.commit(response, now_ms)

    def _ask(
        self,
        utterance: Utterance,
        words: str | None,
        now_ms: int,
        *,
        speculative: bool,
        ask_eot: bool,
    ) -> Response:
        """Ask for a response to *words*; None: nobody said any."""
        history, config = self.history, self._config.response
        history.turn += 1
        history.tell_news()
        text = history.take_carried(words or "")
        self.response = Response(
            turn=history.turn,
            text=text,
            new_words=history.untold(words or ""),
            goes_on=bool(history.told),
            confidence=1.0,
            playback=Playback(history.turn, self._config.voice),
            speech_end_ms=now_ms,
            taken_ms=now_ms,
            speculative=speculative,
            ask_eot=ask_eot,
        )
        self._speculation.taken += speculative
        messages = history.window(None if words is None else text, config.history_messages)
        self._take(self.response, utterance, messages, self._config, now_ms)
        return self.response

    def _take(
        self,
        response: Response,
        utterance: Utterance,
        messages: tuple[ev.Message, ...],
        config: SessionConfig,
        now_ms: int,
    ) -> None:
        """Publish the job for the language model."""
        asked = config.response
        taken = ev.TurnTaken(
            **self._out.head(now_ms),
            turn=response.turn,
            utterance=utterance.number,
            pause=utterance.pause,
            system=self.history.system(asked.system_prompt),
            messages=messages,
            llm_model=asked.model,
            max_tokens=asked.max_tokens,
            temperature=asked.temperature,
            seed=asked.seed,
            speculative=response.speculative,
            text_only=config.voice.delivery == "text",
            ask_eot=response.ask_eot,
            deadline_ms=now_ms + asked.deadline_ms,
            tools=self._tools.offered(0) if config.tools else (),
            agent=self._out.agent,
            **speaker(config),
        )
        response.taken = self._out.publish(taken)

    def commit(self, response: Response, now_ms: int) -> None:
        """Make the turn certain: from here on its response may be heard."""
        response.step("committed_ms", now_ms)
        response.move_on(Phase.COMMITTED)
        response.waiting_since_ms = now_ms
        self.history.answer_carried()
        self.history.under_way = True
        committed = ev.TurnCommitted(
            **self._out.head(now_ms),
            turn=response.turn,
            text=response.text,
            confidence=response.confidence,
            guessed=response.speculative,
        )
        self._out.publish(committed)
        self._tools.run(response, now_ms)

    def eot_pending(self, response: Response) -> bool:
        """Tell whether the model is expected to say how surely the caller's turn is over."""
        return response.ask_eot and not response.sentences and self.model_tells_eot

    # -------------------------------------------------------- what the stages bring

    def receive(self, event: ev.AnyEvent, now_ms: int) -> None:
        """Take words of the response, or news of its voice; those of another turn are stale."""
        match event:
            case ev.ResponseSentence() if response := self._wanted(event.turn):
                response.sentence(event, now_ms)
                if response.ask_eot and event.index == 0:
                    self.model_tells_eot = event.eot_llm is not None
            case ev.ResponseCompleted() if response := self._wanted(event.turn):
                self._tools.completed(response, event, now_ms)
            case ev.ToolCalled() if response := self._wanted(event.turn):
                self._tools.called(response, event, now_ms)
            case ev.ToolReturned() | ev.ToolFailed():
                self._tools.came(self._wanted(event.turn), event, now_ms)
            case ev.SpeechReady() if response := self._wanted(event.turn):
                response.waiting_since_ms = now_ms
                if event.chunks == 0:
                    response.playback.silent(event.index)
                elif not response.playback.has(event.index):
                    self._out.recover(response.turn)
            case _:
                pass

    def client_result(self, told: ToolResult, now_ms: int) -> None:
        """Take what the client did for a call of one of its tools."""
        self._tools.client_result(self.response, told, now_ms)

    def transferred(self, call: str, agent: str, now_ms: int) -> None:
        """Go on as *agent*, to whom *call* has handed the caller over."""
        self._tools.transferred(self.response, call, agent, now_ms)

    def apologize(self, now_ms: int) -> None:
        """End a response whose model failed after a tool was run."""
        if self.response:
            self._tools.apologize(self.response, now_ms)

    @property
    def tools_since_ms(self) -> int | None:
        """Since when the oldest running call of the response runs, Unix ms; None: none does."""
        running = self.response.tool_steps.running if self.response else []
        return min((call.asked_ms for call in running if call.asked_ms is not None), default=None)

    def speak(self, chunk: ChunkSpoken, now_ms: int) -> None:
        """Take audio of the response."""
        if response := self._wanted(chunk.turn):
            response.step("first_audio_ms", now_ms)
            response.playback.chunk(chunk)

    def played(self, told: Played, now_ms: int) -> None:
        """Take the client's word for how much of the response it has played."""
        if response := self._wanted(told.turn):
            response.playback.played(told.played_ms, now_ms)

    def truncate(self, told: Truncated, now_ms: int) -> None:
        """Take the client's word for how much of a response was heard: the rest never is."""
        response, last = self._wanted(told.turn), self._last
        if response and response.stopped:  # it may yet go on, from where it was heard
            response.playback.rewind(now_ms, told.played_ms)
        elif response and response.playback.begun:
            response.playback.rewind(now_ms, told.played_ms)
            if response.phase is Phase.ALL_SENT:
                response.move_on(Phase.COMMITTED)
            self.interrupt(now_ms)
        elif last and last.turn == told.turn and last.kept:
            heard = last.playback.heard_by(told.played_ms)
            self.history.names.reword(response_key(last.turn), heard)
            truncated = ev.AnswerTruncated(
                **self._out.head(now_ms), turn=last.turn, text=heard, played_ms=told.played_ms
            )
            self._out.publish(truncated)

    def _wanted(self, turn: int) -> Response | None:
        return self.response if self.response and self.response.turn == turn else None

    def advance(self, now_ms: int) -> None:
        """Hand out what is due and settle a response that was heard to its end."""
        response = self.response
        if response is None:
            return
        self._tools.advance(response, now_ms)
        if response.held:
            if now_ms - response.suspected_ms < self._config.interruption.false_interruption_ms:
                return
            self.dismiss(now_ms)
        if response.phase is Phase.COMMITTED and now_ms >= response.not_before_ms:
            for speech in response.playback.due(now_ms):
                if speech.pcm or response.playback.is_read:
                    response.sent(now_ms)
                self._out.tell(speech)
            self._tools.tell_calls_done(response)
            self._note_reached(response, now_ms)
            if response.playback.all_sent:
                response.move_on(Phase.ALL_SENT)
                self._tell_done(response, now_ms)
        if response.heard_to_the_end(now_ms):
            self._settle(response, now_ms, heard=response.spoken, complete=True)

    def _tell_done(self, response: Response, now_ms: int) -> None:
        """Tell once that the client has all of it; a response that was rewound has been told."""
        if response.turn and not response.told_done:
            self._out.tell(response.done())
            self._measure(response, now_ms, interrupted=False)
        response.told_done = True

    def _note_reached(self, response: Response, now_ms: int) -> None:
        """Note the sentence that begins, for an edge that may have to go on with it."""
        index, playback = response.playback.reached, response.playback
        if response.turn and index > response.reached and not playback.all_sent:
            response.reached = index
            head = self._out.head(now_ms)
            self._out.publish(ev.AnswerReached(**head, turn=response.turn, index=index))

    def due_ms(self, now_ms: int) -> int | None:
        """When `advance` is worth calling if nothing else happens, Unix ms."""
        response = self.response
        if response is None:
            return None
        if response.held:
            return response.suspected_ms + self._config.interruption.false_interruption_ms
        if response.tool_steps.running:
            return self._tools.due_ms(response, now_ms)
        match response.phase:
            case Phase.SPECULATIVE:
                return None
            case Phase.COMMITTED:
                due_ms = response.playback.due_at_ms(now_ms)
                return None if due_ms is None else max(due_ms, response.not_before_ms)
            case Phase.ALL_SENT:
                return response.playback.until_ms

    @property
    def expires_ms(self) -> int | None:
        """When the stages have taken too long for the response, Unix ms."""
        if self.response is None or self.response.phase is Phase.ALL_SENT:
            return None
        if self.response.tool_steps.running:  # each has a deadline of its own
            return None
        quiet_since_ms = max(self.response.waiting_since_ms, self.response.playback.until_ms)
        return quiet_since_ms + self._config.response.deadline_ms

    # -------------------------------------------------------- the caller speaks over it

    def suspect(self, now_ms: int) -> None:
        """Hold the response: the sound over it may be an interruption, or nothing."""
        response = self.response
        if response is None or response.firm or response.heard_to_the_end(now_ms):
            return
        response.move(Move.SUSPECT)
        response.suspected_ms = now_ms
        if response.playback.begun:
            self._note(ev.InterruptionSuspected, response, now_ms)

    def hold_on(self, now_ms: int) -> None:
        """Hold the response for longer: the caller still speaks."""
        if self.response and self.response.held:
            self.response.suspected_ms = now_ms

    def stop(self, now_ms: int) -> None:
        """Have the client stop the response that is held; its words may yet go on from there."""
        response = self.response
        if response is None or not response.held or response.stopped:
            return
        if not response.playback.begun or response.heard_to_the_end(now_ms):
            return
        response.move(Move.STOP)
        heard, played_ms = response.playback.heard(now_ms), response.playback.played_ms(now_ms)
        response.playback.rewind(now_ms)
        if response.phase is Phase.ALL_SENT:
            response.move_on(Phase.COMMITTED)
        self._note(ev.InterruptionStopped, response, now_ms)
        self._out.tell(Interrupted(response.turn, heard, played_ms))

    def dismiss(self, now_ms: int) -> None:
        """Go on where the response was held: it was no interruption."""
        response = self.response
        if response is None or not response.held:
            return
        response.move(Move.DISMISS)
        response.waiting_since_ms = now_ms
        if response.playback.begun:
            self._note(ev.InterruptionDismissed, response, now_ms)

    def _note(self, kind: type[InterruptionEvent], response: Response, now_ms: int) -> None:
        """Publish an event of the interruption, with how much of the response was played."""
        played_ms = response.playback.played_ms(now_ms)
        self._out.publish(kind(**self._out.head(now_ms), turn=response.turn, played_ms=played_ms))

    def interrupt(self, now_ms: int, *, gone_on: bool = False) -> None:
        """End the response here: what was heard of it is history, and no more.

        *gone_on*: the caller goes on with the turn: its first sounds are no history either.
        """
        response = self.response
        if response is None:
            return
        stopped = response.stopped
        response.move(Move.CONFIRM)
        if response.heard_to_the_end(now_ms):
            self._settle(response, now_ms, heard=response.spoken, complete=True)
        elif response.playback.begun and gone_on:
            if not stopped:
                self._out.tell(Interrupted(response.turn, ""))
            self.retract(response, now_ms)
        elif response.playback.begun:
            heard = response.playback.heard(now_ms)
            self._cancel(response, now_ms, "interrupted")
            if not stopped:
                played_ms = response.playback.played_ms(now_ms)
                self._out.tell(Interrupted(response.turn, heard, played_ms))
            if not response.told_done:
                self._measure(response, now_ms, interrupted=True)
            self._settle(response, now_ms, heard=heard, complete=False)
        else:
            self.retract(response, now_ms)

    def retract(self, response: Response, now_ms: int) -> None:
        """Take back a response: the caller's turn goes on."""
        self._cancel(response, now_ms, "retracted")
        self._speculation.retracted += response.speculative
        self._speculation.sentences += len(response.sentences)
        if response.tool_steps.is_used:  # what was done would be done twice
            self._settle(response, now_ms, heard="", complete=False)
            return
        self.response = None
        self.history.control.unheard(response.turn)
        if response.phase is Phase.SPECULATIVE or not response.turn or response.given:
            return
        self.history.turn_over()
        if response.text:
            self.history.carry(response.text)
        unheard = ev.AnswerHeard(
            **self._out.head(now_ms),
            turn=response.turn,
            text="",
            complete=False,
            played_ms=response.playback.played_ms(now_ms),
            carried=bool(response.text),
            kept=response.kept,
            part=response.part,
        )
        self._out.publish(unheard)

    def drop(self, reason: ev.CancelReason, now_ms: int) -> None:
        """Give the response up, whatever its state."""
        response = self.response
        if response is None:
            return
        self._cancel(response, now_ms, reason)
        if response.phase is Phase.SPECULATIVE:
            self.response = None
        else:
            heard = response.playback.heard(now_ms)
            self._settle(response, now_ms, heard=heard, complete=False)

    def leave(self, now_ms: int) -> None:
        """Leave the response for the caller to come back to; one that is not certain is dropped."""
        response = self.response
        if response is None or not response.turn or response.phase is Phase.SPECULATIVE:
            self.drop("hung_up", now_ms)
            return
        heard = response.playback.heard(now_ms)
        if response.heard_to_the_end(now_ms):
            self._settle(response, now_ms, heard=response.spoken, complete=True)
        else:
            response.playback.rewind(now_ms)
            self._settle(response, now_ms, heard=heard, complete=False, resumable=True)

    def _cancel(self, response: Response, now_ms: int, reason: ev.CancelReason) -> None:
        head = self._out.head(now_ms)
        self._out.publish(ev.ResponseCancelled(**head, turn=response.turn, reason=reason))
        if response.phase is not Phase.SPECULATIVE:
            self._out.tell(ResponseDropped(response.turn, reason))
        self._tools.cancel(response)

    # -------------------------------------------------------- its end

    def _settle(
        self,
        response: Response,
        now_ms: int,
        *,
        heard: str,
        complete: bool,
        resumable: bool = False,
    ) -> None:
        """Enter the turn into the history, with what was heard of its response and no more.

        *resumable*: the response goes on, on another connection, from where it was rewound to.
        """
        self.response, self._last = None, response
        where = response.playback.position if resumable else BEGINNING
        self.history.control.heard(response.turn)
        if response.kept:
            self.history.settle(response.text, heard, response.tool_steps, response.turn)
        else:
            self.history.turn_over()
        settled = ev.AnswerHeard(
            **self._out.head(now_ms),
            turn=response.turn,
            text=heard,
            complete=complete,
            played_ms=response.playback.played_ms(now_ms),
            resumable=resumable,
            sentence=where.sentence,
            sentence_ms=where.ms,
            sentence_words=where.words,
            part=response.part,
            kept=response.kept,
        )
        self._out.publish(settled)
        if complete and response.ends_call:
            self._out.hang_up()

    def _measure(self, response: Response, now_ms: int, *, interrupted: bool) -> None:
        response.told_done = True
        if response.spoken_on or response.given:  # the caller did not wait, or not only here
            return
        cost, self._speculation = self._speculation, Speculation()
        measured = ev.TurnMeasured(
            **self._out.head(now_ms),
            turn=response.turn,
            guesses=cost.taken,
            retracted=cost.retracted,
            wasted_sentences=cost.sentences,
            interrupted=interrupted,
            **response.steps,
        )
        self._out.publish(measured)
        self._out.tell(Measured(measured))
