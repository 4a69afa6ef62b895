"""Aura's side of the line: one answer at a time, guessed, committed, held, interrupted, settled."""

from __future__ import annotations

from dataclasses import dataclass

from edge.core.hearing.utterance import Utterance
from edge.core.notices import Delivery, Interrupted, Measured
from edge.core.outbox import Outbox
from edge.core.response.handover import end, rest_of
from edge.core.response.playback import Playback
from edge.core.response.response import Answer, Phase
from edge.core.session.history import History, Unfinished
from edge.core.session.rules import Rules
from schemas import events as ev
from schemas.audio import SpeechChunk

FALSE_INTERRUPTION_MS = 2000
"""A held answer goes on after this, if no words came."""


@dataclass
class Guesses:
    """What guessing cost since the last answer."""

    taken: int = 0
    retracted: int = 0
    sentences: int = 0


class Answering:
    """Holds the answer that is wanted now; words and audio of any other turn are stale."""

    def __init__(self, rules: Rules, delivery: Delivery, history: History, out: Outbox) -> None:
        self.answer: Answer | None = None
        self.held_since_ms: int | None = None
        """An interruption is suspected since then."""
        self.history = history
        self.model_reads = rules.model_reads
        """The language model says how surely the caller's sentence is over, as far as is known."""
        self._rules = rules
        self._delivery = delivery
        self._out = out
        self._guesses = Guesses()

    @property
    def idle(self) -> bool:
        """There is nothing to say, and no interruption of it to wait for."""
        return self.answer is None and self.held_since_ms is None

    @property
    def uncommitted(self) -> Answer | None:
        """The answer to a guess, while the caller may yet go on."""
        return self.answer if self.answer and self.answer.phase is Phase.GUESSED else None

    # -------------------------------------------------------- asking for it

    def greet(self, text: str) -> None:
        """Say *text* as turn 0: an answer like any other, to nothing."""
        delivery = Delivery.WHOLE if self._delivery is Delivery.WHOLE else Delivery.SENTENCES
        now_ms = self._out.now_ms
        answer = Answer(0, "", 1.0, Playback(0, delivery), now_ms, now_ms, Phase.COMMITTED)
        self.answer = answer
        said: dict[str, object] = {"turn": 0, "text": text, "model": "", "took_ms": 0.0}
        deadline_ms = now_ms + self._rules.deadline_ms
        sentence = self._out.publish(
            ev.ResponseSentence, index=0, first_token_ms=0.0, deadline_ms=deadline_ms, **said
        )
        completed = self._out.publish(
            ev.ResponseCompleted, sentences=1, prompt_tokens=0, completion_tokens=0, **said
        )
        answer.sentence(sentence, now_ms)
        answer.complete(completed, now_ms)

    def go_on(self, begun: Unfinished) -> None:
        """Take over an answer from an edge that died: speak the rest of it, or end it plainly."""
        self.answer = rest_of(begun, self._rules, self._delivery, self._out.now_ms)
        if self.answer:
            self.history.drop_carried(begun.text)
        else:
            end(begun, self.history, self._out)

    def take(
        self,
        utterance: Utterance,
        guess: ev.TranscriptGuess,
        *,
        speculative: bool,
        read: bool = False,
    ) -> Answer:
        """Ask the language model for the turn that *guess* ends, for certain or on a guess.

        *read*: and how surely the sentence is over.
        """
        now_ms, history, settings = self._out.now_ms, self.history, self._rules.settings
        history.turn += 1
        text = history.take_carried(guess.text)
        self.answer = answer = Answer(
            turn=history.turn,
            text=text,
            confidence=guess.confidence,
            playback=Playback(history.turn, self._delivery, self._rules.chunk_ms),
            speech_end_ms=utterance.speech_end_ms,
            taken_ms=now_ms,
            guessed=speculative,
            read=read,
        )
        answer.step("pause_ms", utterance.paused_ms)
        answer.step("transcript_ms", utterance.guess_at_ms)
        answer.step("taken_ms", now_ms)
        answer.steps["stt_ms"] = guess.took_ms
        self._guesses.taken += speculative
        self._out.publish(
            ev.TurnTaken,
            turn=answer.turn,
            utterance=utterance.number,
            pause=utterance.pause,
            system=settings.system_prompt,
            messages=history.window(text, self._rules.history_messages),
            llm_model=settings.llm_model,
            max_tokens=settings.max_tokens,
            temperature=settings.temperature,
            seed=settings.seed,
            speculative=speculative,
            read=read,
            deadline_ms=now_ms + self._rules.deadline_ms,
        )
        return answer

    def commit(self, answer: Answer) -> None:
        """Make the turn real: from here on its answer may be heard."""
        answer.step("committed_ms", self._out.now_ms)
        answer.phase = Phase.COMMITTED
        answer.waiting_since_ms = self._out.now_ms
        self.history.carried.clear()
        self._out.publish(
            ev.TurnCommitted,
            turn=answer.turn,
            text=answer.text,
            confidence=answer.confidence,
            guessed=answer.guessed,
        )

    def is_reading(self, answer: Answer) -> bool:
        """Tell whether the model is expected to say whether the caller's sentence is over."""
        return answer.read and not answer.sentences and self.model_reads

    # -------------------------------------------------------- what comes of it

    def receive(self, message: ev.AnyEvent | SpeechChunk) -> None:
        """Take words or audio of the answer; those of another turn change nothing."""
        answer, now_ms = self.answer, self._out.now_ms
        if answer is None or getattr(message, "turn", None) != answer.turn:
            return
        match message:
            case ev.ResponseSentence():
                answer.sentence(message, now_ms)
                if answer.read and message.index == 0:
                    self.model_reads = message.caller_ended is not None
            case ev.ResponseCompleted():
                answer.complete(message, now_ms)
            case SpeechChunk():
                answer.step("first_audio_ms", now_ms)
                answer.playback.chunk(message)
            case ev.SpeechReady():
                answer.waiting_since_ms = now_ms
                if message.chunks == 0:
                    answer.playback.silent(message.index)
                elif not answer.playback.has(message.index):
                    self._out.recover(answer.turn)
            case _:
                pass

    def advance(self) -> None:
        """Hand out what is due and settle what was heard to its end."""
        now_ms, answer = self._out.now_ms, self.answer
        if self.held_since_ms is not None:
            if now_ms - self.held_since_ms < FALSE_INTERRUPTION_MS:
                return
            self.dismiss()
        if answer and answer.phase is Phase.COMMITTED:
            for speak in answer.playback.due(now_ms):
                if speak.pcm:
                    answer.sent(now_ms)
                self._out.tell(speak)
            self._note_reached(answer)
            if answer.playback.all_sent:
                answer.phase = Phase.HANDED_OVER
                if answer.turn:
                    self._out.tell(answer.done())
                    self._measure(answer, interrupted=False)
        if answer and answer.heard_to_the_end(now_ms):
            self._settle(answer, heard=answer.spoken, complete=True)

    def _note_reached(self, answer: Answer) -> None:
        """Note the sentence that begins, for an edge that may have to go on with it."""
        index = answer.playback.reached
        if answer.turn and index > answer.reached and not answer.playback.all_sent:
            answer.reached = index
            self._out.publish(ev.AnswerReached, turn=answer.turn, index=index)

    def due_ms(self) -> int | None:
        """When `advance` is worth calling if nothing else happens, Unix ms."""
        if self.held_since_ms is not None:
            return self.held_since_ms + FALSE_INTERRUPTION_MS
        if self.answer is None or self.answer.phase is Phase.GUESSED:
            return None
        if self.answer.phase is Phase.HANDED_OVER:
            return self.answer.playback.until_ms
        return self.answer.playback.due_at_ms(self._out.now_ms)

    @property
    def expires_ms(self) -> int | None:
        """When the stages have taken too long for the answer, Unix ms."""
        if self.answer is None or self.answer.phase is Phase.HANDED_OVER:
            return None
        quiet_since_ms = max(self.answer.waiting_since_ms, self.answer.playback.until_ms)
        return quiet_since_ms + self._rules.deadline_ms

    # -------------------------------------------------------- the caller speaks over it

    def hold(self) -> None:
        """Stop the answer without giving it up: it may be nothing."""
        answer, now_ms = self.answer, self._out.now_ms
        if answer is None or answer.heard_to_the_end(now_ms):
            return
        self.held_since_ms = now_ms
        answer.playback.hold()
        if answer.playback.begun:
            played_ms = answer.playback.played_ms(now_ms)
            self._out.publish(ev.InterruptionSuspected, turn=answer.turn, played_ms=played_ms)

    def dismiss(self) -> None:
        """It was nothing: go on where the answer stopped."""
        if self.held_since_ms is None:
            return
        self.held_since_ms = None
        if answer := self.answer:
            answer.playback.release()
            answer.waiting_since_ms = self._out.now_ms
            if answer.playback.begun:
                played_ms = answer.playback.played_ms(self._out.now_ms)
                self._out.publish(ev.InterruptionDismissed, turn=answer.turn, played_ms=played_ms)

    def interrupt(self) -> None:
        """The caller means it: the answer ends here, and what was heard of it is history."""
        answer, now_ms = self.answer, self._out.now_ms
        self.held_since_ms = None
        if answer is None:
            return
        if answer.heard_to_the_end(now_ms):
            self._settle(answer, heard=answer.spoken, complete=True)
        elif answer.playback.begun:
            heard = answer.playback.heard(now_ms)
            self._out.publish(ev.ResponseCancelled, turn=answer.turn, reason="interrupted")
            self._out.tell(Interrupted(answer.turn, heard))
            if answer.phase is not Phase.HANDED_OVER:
                self._measure(answer, interrupted=True)
            self._settle(answer, heard=heard, complete=False)
        else:
            self.retract(answer)

    def retract(self, answer: Answer) -> None:
        """Nothing of it was heard and the caller went on: the words are part of the next turn."""
        self._out.publish(ev.ResponseCancelled, turn=answer.turn, reason="retracted")
        self._guesses.retracted += answer.guessed
        self._guesses.sentences += len(answer.sentences)
        self.answer, self.held_since_ms = None, None
        if answer.phase is Phase.GUESSED or not answer.text:
            return
        self.history.carried = [answer.text]
        self._out.publish(
            ev.AnswerHeard, turn=answer.turn, text="", complete=False, played_ms=0, carried=True
        )

    def drop(self, reason: str) -> None:
        """Give the answer up, whatever its state."""
        answer = self.answer
        if answer is None:
            return
        self.held_since_ms = None
        self._out.publish(ev.ResponseCancelled, turn=answer.turn, reason=reason)
        if answer.phase is Phase.GUESSED:
            self.answer = None
        else:
            heard = answer.playback.heard(self._out.now_ms)
            self._settle(answer, heard=heard, complete=False)

    # -------------------------------------------------------- its end

    def _settle(self, answer: Answer, *, heard: str, complete: bool) -> None:
        """Enter the turn into the history, with what was heard of its answer and no more."""
        self.answer = None
        self.history.settle(answer.text, heard)
        played_ms = answer.playback.played_ms(self._out.now_ms)
        self._out.publish(
            ev.AnswerHeard, turn=answer.turn, text=heard, complete=complete, played_ms=played_ms
        )

    def _measure(self, answer: Answer, *, interrupted: bool) -> None:
        if answer.gone_on_with:  # how long the caller waited is not known here
            return
        guesses, self._guesses = self._guesses, Guesses()
        measured = self._out.publish(
            ev.TurnMeasured,
            turn=answer.turn,
            guesses=guesses.taken,
            retracted=guesses.retracted,
            wasted_sentences=guesses.sentences,
            interrupted=interrupted,
            **answer.steps,
        )
        self._out.tell(Measured(measured))
