"""Whose turn it is: what a start, a pause, the words and the silence of the caller lead to.

speech over an answer      the answer is held; words decide: interrupt, or go on with it
a pause                    the words so far are asked for; they set how long to listen on
words that sound finished  the turn is taken on a guess; nothing of it is heard yet
enough silence             the guess is committed: its answer may be heard
speech after a guess       the guess is retracted, its words go into the next one
"""

from __future__ import annotations

from edge.core.endpointing.adaptive_pause import AdaptivePause
from edge.core.endpointing.end_of_turn import (
    Evidence,
    is_backchannel,
    is_finished,
    is_open,
    wait_ms,
    waits_of,
    words,
)
from edge.core.hearing.segmenter import Listener, Noticed
from edge.core.hearing.speech_detector import Heard
from edge.core.hearing.utterance import Utterance
from edge.core.notices import Words
from edge.core.outbox import Outbox
from edge.core.response.responder import Answering
from edge.core.session.history import History
from edge.core.session.rules import Rules
from schemas import events as ev
from schemas.audio import TranscriptPartial

EARLY_REPLY_MS = 1000
"""Who speaks so long before the end of a question replies to it."""
NOISE_MS = 400
"""Silence after which an utterance without words is forgotten."""


class TurnTaking:
    """The caller's side of one conversation, and what it does to Aura's side."""

    def __init__(
        self,
        rules: Rules,
        listener: Listener,
        answering: Answering,
        history: History,
        out: Outbox,
    ) -> None:
        self._settings = rules.settings
        self._speculate = rules.speculate
        self._waits = rules.waits or waits_of(rules.settings)
        self._reads = rules.model_reads and self._waits.finished_ms < self._waits.unclear_ms
        """A language model may be asked whether a sentence is over, and that changes the wait."""
        self._listener = listener
        self._answering = answering
        self._history = history
        self._out = out
        self._hesitation = AdaptivePause()
        self.cut_off: set[int] = set()
        """Utterances ended for their length alone, whose words have not come yet."""

    def notice(self, noticed: Noticed) -> None:
        """Take what the listener noticed."""
        utterance = self._listener.utterance
        if utterance is None:
            return
        if noticed.message:
            self._out.send(utterance.number, noticed.message)
        match noticed.change:
            case Heard.STARTED:
                self._started(utterance, noticed.at_ms)
            case Heard.PAUSED:
                self._out.publish(
                    ev.SpeechPaused,
                    utterance=utterance.number,
                    pause=utterance.pause,
                    speech_end_ms=utterance.speech_end_ms,
                )
            case Heard.CONTINUED:
                self._continued(utterance, noticed.at_ms)
            case None:
                self._listen_on(utterance)

    def _started(self, utterance: Utterance, at_ms: int) -> None:
        answer = self._answering.answer
        if answer and answer.turn and not answer.playback.begun:
            self._hesitation.reopened(at_ms - answer.speech_end_ms)
        self._answering.hold()
        utterance.replies = bool(answer and answer.asks_until(self._out.now_ms + EARLY_REPLY_MS))
        utterance.over_answer = self._answering.held_since_ms is not None
        self._out.publish(
            ev.SpeechStarted,
            utterance=utterance.number,
            language=self._settings.language,
            deadline_ms=at_ms + 60_000,
            over_answer=utterance.over_answer,
        )

    def _continued(self, utterance: Utterance, at_ms: int) -> None:
        self._hesitation.continued(at_ms - utterance.speech_end_ms)
        self._out.publish(ev.SpeechContinued, utterance=utterance.number, pause=utterance.pause)
        utterance.guess = None
        if answer := self._answering.uncommitted:
            self._answering.retract(answer)

    def _listen_on(self, utterance: Utterance) -> None:
        """One more frame went by: was it enough of silence, of speech?"""
        if self._listener.paused:
            self._endpoint(utterance)
        elif self._listener.too_long:
            self.cut_off.add(utterance.number)
            self.close(discarded=False)

    def partial(self, partial: TranscriptPartial) -> None:
        """Take the words of somebody who still speaks."""
        utterance = self._listener.utterance
        if utterance is None or utterance.number != partial.utterance or not partial.text:
            return
        self._out.tell(Words(partial.text, final=False))
        if self._answering.held_since_ms is not None and self._interrupts(partial.text):
            self._answering.interrupt()

    def _interrupts(self, text: str) -> bool:
        if is_backchannel(text, self._settings.language):
            return False
        return len(words(text)) >= self._settings.interrupt_words

    def _is_nod(self, utterance: Utterance, text: str) -> bool:
        """Tell whether *text* is too little to stop an answer that is being heard."""
        answer = self._answering.answer
        if answer is None or utterance.replies:
            return False
        if is_backchannel(text, self._settings.language):
            return True
        return answer.playback.begun and not self._interrupts(text)

    def guess(self, guess: ev.TranscriptGuess) -> None:
        """Take the words up to a pause; only those of the pause we are in count."""
        utterance = self._listener.utterance
        if utterance is None or not self._listener.paused or utterance.guess is not None:
            return
        if (guess.utterance, guess.pause) != (utterance.number, utterance.pause):
            return
        utterance.guess, utterance.guess_at_ms = guess, self._out.now_ms
        if not guess.text:
            self._answering.dismiss()
        elif self._is_nod(utterance, guess.text):
            self.close(discarded=True)
            self._answering.dismiss()
            return
        else:
            self._answering.interrupt()
            self._out.tell(Words(guess.text, final=False))
            known = self._evidence(guess)
            if self._speculate and is_finished(known) is not False:
                read = self._reads and is_open(known)
                self._answering.take(utterance, guess, speculative=True, read=read)
        self._endpoint(utterance)

    def _evidence(self, guess: ev.TranscriptGuess) -> Evidence:
        guessed = self._answering.uncommitted
        return Evidence(
            text=self._history.take_carried(guess.text),
            eot_stt=guess.ended,
            eot_llm=guessed.caller_ended if guessed else None,
            eot_llm_pending=bool(guessed and self._answering.is_reading(guessed)),
            eot_audio=guess.finished,
            asked=self._history.asked,
            language=self._settings.language,
        )

    def _endpoint(self, utterance: Utterance) -> None:
        """Commit or forget the utterance if its silence has lasted long enough for its words."""
        guess = utterance.guess
        if guess is None or self.cut_off:
            return
        if not guess.text:
            if self._listener.silence_ms >= NOISE_MS:
                self.close(discarded=True)
            return
        silence_ms = self._listener.silence_ms
        if silence_ms < self._waits.finished_ms:  # the least: asked after every frame
            return
        if silence_ms < max(wait_ms(self._evidence(guess), self._waits), self._hesitation.wait_ms):
            return
        answer = self._answering.answer
        if answer is None:
            answer = self._answering.take(utterance, guess, speculative=False)
        self.close(discarded=False)
        self._hesitation.ended()
        self._answering.commit(answer)
        self._out.tell(Words(answer.text, final=True, turn_ends=True, confidence=answer.confidence))

    def close(self, *, discarded: bool) -> None:
        """End the utterance, if one is open."""
        utterance = self._listener.utterance
        if utterance is None:
            return
        silence_ms = self._listener.silence_ms
        last = self._listener.close(stands=utterance.pause if utterance.guess else 0)
        if last:
            self._out.send(utterance.number, last)
        self._out.publish(
            ev.SpeechEnded,
            utterance=utterance.number,
            pause=utterance.pause,
            speech_end_ms=utterance.speech_end_ms,
            wait_ms=silence_ms,
            discarded=discarded,
        )
