"""Whose turn it is: what a start, a pause, the words and the silence of the caller lead to.

speech over a response     it is held; words decide: interrupt it, or go on with it
a pause                    the words so far are asked for; they set how long to wait
words that sound finished  a speculative response is asked for; nothing of it is heard yet
enough silence             the turn is committed: its response may be heard
speech after a pause       a speculative response is retracted; the words join the next ones
speech just after the first sound of a response
                           the same: the caller goes on with the turn
"""

from __future__ import annotations

from collections import deque

from edge.core.client_events import (
    ResponseStarted,
    SpeechStarted,
    SpeechStopped,
    Transcript,
)
from edge.core.client_turns import ClientTurns
from edge.core.effects import Outbox
from edge.core.endpointing.adaptive_pause import AdaptivePause
from edge.core.endpointing.end_of_turn import (
    Evidence,
    by_words,
    is_backchannel,
    is_finished,
    is_open,
    sounds_asked,
    wait_ms,
    waits_of,
    words,
)
from edge.core.hearing.segmenter import Segmenter, SpeechNotice
from edge.core.hearing.speech_detector import SpeechChange
from edge.core.hearing.utterance import Utterance
from edge.core.inputs import PartialHeard
from edge.core.response.responder import Responder
from edge.core.response.response import Response
from edge.core.session.history import History
from edge.core.session.message_names import turn_key
from schemas import events as ev
from schemas.session_config import SessionConfig

EARLY_REPLY_MS = 1000
"""Speech within this time before a question ends is a reply to it."""
NOISE_MS = 400
"""Silence after which an utterance without words is forgotten."""
ECHO_WORDS, ECHO_SHARE = 3, 0.7
"""So many words, and so many of those that are heard, must be the response's to be its echo."""
CLEAR_WORDS = 0.7
"""Confidence below which words of doubtful voices are none: Whisper makes up to 0.62 of a room full
of people, and 0.8 or more of a single speaker who says as much."""
WORDS_DEADLINE_MS = 60_000
"""Nobody waits longer for the words of an utterance: its audio is gone by then."""


class Turns:
    """The caller's side of one call, and what it does to Aura's side."""

    def __init__(
        self,
        config: SessionConfig,
        segmenter: Segmenter,
        responder: Responder,
        history: History,
        out: Outbox,
    ) -> None:
        self._segmenter = segmenter
        self._responder = responder
        self._history = history
        self._out = out
        self._pauses = AdaptivePause()
        self.cut_off: set[int] = set()
        """Utterances ended for their length alone, whose words have not come yet."""
        self.committed = 0
        """Turns of the caller."""
        self._typed: deque[str] = deque()
        """Turns that were typed over a response that cannot be interrupted."""
        self.client = ClientTurns(responder, history, out)
        self.configure(config)

    def configure(self, config: SessionConfig) -> None:
        """Decide by *config* from here on."""
        self._config = config
        self._waits = waits_of(config.turns)
        self._reads_words = self._waits.finished_ms < self._waits.unclear_ms
        """How long is waited depends on the words."""
        self._ask_eot = config.turns.ask_eot and self._reads_words
        """A language model may be asked whether a turn is over, and that changes the wait."""

    def notice(self, notice: SpeechNotice, now_ms: int) -> None:
        """Take a change of the caller's speech, or silence that lasts."""
        utterance = self._segmenter.utterance
        if utterance is None:
            return
        if notice.audio:
            self._out.send(notice.audio)
        match notice.change:
            case SpeechChange.STARTED:
                self._started(utterance, notice.at_ms, now_ms)
            case SpeechChange.PAUSED:
                paused = ev.SpeechPaused(
                    **self._out.head(now_ms),
                    utterance=utterance.number,
                    pause=utterance.pause,
                    speech_end_ms=utterance.speech_end_ms,
                )
                self._out.publish(paused)
            case SpeechChange.CONTINUED:
                self._continued(utterance, notice.at_ms, now_ms)
            case None:
                self._wait_on(utterance, now_ms)

    def _started(self, utterance: Utterance, at_ms: int, now_ms: int) -> None:
        response = self._responder.response
        if response and response.is_awaited and not response.playback.begun:
            self._pauses.reopened(at_ms - response.speech_end_ms)
        if self._config.interruption.allowed:
            self._responder.suspect(now_ms)
        utterance.is_reply = bool(response and response.asks_until(now_ms + EARLY_REPLY_MS))
        if response and response.is_gone_on_from(at_ms) and not utterance.is_reply:
            utterance.gone_on_after_ms = at_ms - response.speech_end_ms
        utterance.over_response = self._responder.held
        before_ms = max(self._config.turns.min_speech_ms, self._config.turns.prefix_ms)
        told = SpeechStarted(
            utterance.number, now_ms - at_ms + before_ms, over_response=utterance.over_response
        )
        self._out.tell(told)
        started = ev.SpeechStarted(
            **self._out.head(now_ms),
            utterance=utterance.number,
            language=self._config.language,
            deadline_ms=at_ms + WORDS_DEADLINE_MS,
            over_answer=utterance.over_response,
        )
        self._out.publish(started)

    def _continued(self, utterance: Utterance, at_ms: int, now_ms: int) -> None:
        known = self._evidence(utterance.guess) if utterance.guess else None
        self._pauses.continued(
            at_ms - utterance.speech_end_ms,
            sounded_finished=bool(known and is_finished(by_words(known))),
        )
        head = self._out.head(now_ms)
        self._out.publish(
            ev.SpeechContinued(**head, utterance=utterance.number, pause=utterance.pause)
        )
        utterance.guess, utterance.ended_by_client = None, False
        utterance.voice_doubted = False
        if response := self._responder.uncommitted:
            self._responder.retract(response, now_ms)

    def _wait_on(self, utterance: Utterance, now_ms: int) -> None:
        """Look whether the silence, or the speech, has lasted long enough."""
        if self._segmenter.paused:
            self._endpoint(utterance, now_ms)
            return
        voice_ms = self._config.interruption.voice_ms
        if voice_ms and utterance.over_response:
            self._responder.hold_on(now_ms)
            if utterance.voice_ms >= voice_ms:
                self._responder.stop(now_ms)
        if self._segmenter.too_long:
            self.cut_off.add(utterance.number)
            self.close(now_ms, discarded=False)

    def doubt_voice(self) -> None:
        """Take the utterance for the background's, if its words turn out unclear, too."""
        if utterance := self._segmenter.utterance:
            utterance.voice_doubted = True

    # -------------------------------------------------------- words

    def partial(self, partial: PartialHeard, now_ms: int) -> None:
        """Take the words of somebody who still speaks."""
        utterance = self._segmenter.utterance
        if utterance is None or utterance.number != partial.utterance or not partial.text:
            return
        self._out.tell(Transcript(partial.text, final=False))
        if self._responder.held:
            self._interrupt_with(utterance, partial.text, now_ms)

    def guess(self, guess: ev.TranscriptGuess, now_ms: int) -> None:
        """Take the words up to a pause; only those up to the present pause end a turn."""
        utterance = self._segmenter.utterance
        if utterance is None or utterance.number != guess.utterance:
            return
        present = self._segmenter.paused and guess.pause == utterance.pause
        if not present or utterance.guess is not None:
            if self._config.interruption.voice_ms and self._responder.held:
                self._interrupt_with(utterance, guess.text, now_ms)
            return
        if utterance.voice_doubted and guess.confidence < CLEAR_WORDS:
            self.discard(now_ms)
            return
        utterance.guess, utterance.guess_at_ms = guess, now_ms
        if self._config.turns.by_client:
            return
        if not guess.text:
            self._responder.dismiss(now_ms)
        elif self._is_backchannel(utterance, guess.text):
            self.close(now_ms, discarded=True)
            self._responder.dismiss(now_ms)
            return
        elif self._responder.firm:
            self._out.tell(Transcript(guess.text, final=False))
        else:
            if self._config.interruption.allowed:
                self._interrupt(utterance, now_ms)
            self._out.tell(Transcript(guess.text, final=False))
            known = self._evidence(guess)
            enters = self._only_enters or self._silent
            speculate = self._config.turns.speculate and not self.cut_off and not enters
            if speculate and is_finished(known) is not False:
                ask_eot = self._ask_eot and is_open(known)
                self._responder.take(utterance, guess, now_ms, speculative=True, ask_eot=ask_eot)
        self._endpoint(utterance, now_ms)

    def _interrupt_with(self, utterance: Utterance, text: str, now_ms: int) -> None:
        if self._interrupts(text):
            self._interrupt(utterance, now_ms)

    def _interrupt(self, utterance: Utterance, now_ms: int) -> None:
        """End the response that is heard, if there is one: the words are meant."""
        after_ms = utterance.gone_on_after_ms
        if after_ms is not None and self._responder.response:
            self._pauses.reopened(after_ms)
        self._responder.interrupt(now_ms, gone_on=after_ms is not None)

    def _interrupts(self, text: str) -> bool:
        least = self._config.interruption.min_words
        if self._is_echo(text):
            return False
        return not is_backchannel(text, self._config.language) and len(words(text)) >= least

    def _is_echo(self, text: str) -> bool:
        """Tell whether *text* says again what the response says: a loudspeaker is heard."""
        response = self._responder.response
        if response is None or not self._config.interruption.voice_ms:
            return False
        heard, said = words(text), set(words(response.spoken))
        again = sum(word in said for word in heard)
        return again >= ECHO_WORDS and again >= ECHO_SHARE * len(heard)

    def _is_backchannel(self, utterance: Utterance, text: str) -> bool:
        """Tell whether *text* is too little to stop a response that is being heard."""
        response = self._responder.response
        if response is None or utterance.is_reply or not self._config.interruption.allowed:
            return False
        if is_backchannel(text, self._config.language) or self._is_echo(text):
            return True
        return response.playback.begun and not self._interrupts(text)

    def _evidence(self, guess: ev.TranscriptGuess) -> Evidence:
        asked = self._responder.uncommitted
        return Evidence(
            text=self._history.take_carried(guess.text),
            eot_stt=guess.eot_stt,
            eot_llm=asked.eot_llm if asked else None,
            eot_llm_pending=bool(asked and self._responder.eot_pending(asked)),
            eot_audio=guess.eot_audio,
            asked=self._history.asked,
            language=self._config.language,
        )

    def _endpoint(self, utterance: Utterance, now_ms: int) -> None:
        """Commit or forget the utterance if its silence has lasted long enough for its words."""
        guess = utterance.guess
        if guess is None or self.cut_off or self._config.turns.by_client or self._responder.firm:
            return
        silence_ms = self._segmenter.silence_ms
        if not guess.text:
            if silence_ms >= NOISE_MS or utterance.ended_by_client:
                self.close(now_ms, discarded=True)
            return
        if silence_ms < self._waits.finished_ms and not utterance.ended_by_client:  # the least wait
            return
        if not utterance.ended_by_client and silence_ms < self._wait_ms(guess):
            return
        self.committed += 1
        if self._silent:
            self.close(now_ms, discarded=False)
            self._pauses.ended()
            self._enter(guess.text, guess.confidence, now_ms, utterance=utterance.number)
            return
        if self._only_enters:
            self.close(now_ms, discarded=False)
            self._pauses.ended()
            said, respond = (guess.text, guess.confidence), self._config.turns.respond
            self.client.enter(utterance.number, *said, now_ms, respond=respond)
            return
        response = self._responder.response
        if response is None:
            response = self._responder.take(utterance, guess, now_ms, speculative=False)
        self.close(now_ms, discarded=False)
        self._pauses.ended()
        self._tell_final(response, utterance.number)
        self._responder.commit(response, now_ms)

    def _tell_final(self, response: Response, utterance: int = 0) -> None:
        """Tell the client the words of a turn that is certain, each once, and that it is."""
        final = Transcript(
            response.new_words,
            final=True,
            turn_ends=True,
            confidence=response.confidence,
            goes_on=response.goes_on,
            utterance=utterance,
            key=turn_key(response.turn),
        )
        self._out.tell(final)
        self._out.tell(ResponseStarted(response.turn))

    @property
    def _only_enters(self) -> bool:
        """A turn that ends now enters the conversation, and no response is asked for at once."""
        response = self._responder.response
        spoken = response is not None and response is not self._responder.uncommitted
        return not self._config.turns.respond or spoken

    @property
    def _silent(self) -> bool:
        """Turns get no response."""
        return "assistant" in self._history.control.muted

    def _enter(self, text: str, confidence: float, now_ms: int, *, utterance: int = 0) -> None:
        """Enter a turn that gets no response."""
        words = self._responder.enter(text, confidence, now_ms)
        final = Transcript(
            words,
            final=True,
            turn_ends=True,
            confidence=confidence,
            utterance=utterance,
            key=turn_key(self._history.turn),
        )
        self._out.tell(final)

    def _wait_ms(self, guess: ev.TranscriptGuess) -> int:
        """Return the silence that ends the turn of which *guess* are the last words."""
        known = self._evidence(guess)
        least_ms = self._pauses.wait_ms
        if self._reads_words and not sounds_asked(known):
            least_ms = max(least_ms, self._pauses.this_turn_ms)
        return max(wait_ms(known, self._waits), least_ms)

    # -------------------------------------------------------- the client decides

    def typed(self, text: str, now_ms: int) -> None:
        """Take a turn that the caller typed: it interrupts, and is certain at once."""
        if self._responder.firm:
            self._typed.append(text)
            return
        self.committed += 1
        self.close(now_ms, discarded=True)
        self._responder.interrupt(now_ms)
        if self._silent:
            self._enter(text, 1.0, now_ms)
            return
        response = self._responder.take_typed(text, now_ms)
        self._tell_final(response)
        self._responder.commit(response, now_ms)

    def take_waiting(self, now_ms: int) -> bool:
        """Take the turn that was typed first of those that wait; False: none does."""
        if not self._typed:
            return False
        self.typed(self._typed.popleft(), now_ms)
        return True

    def forget(self, now_ms: int) -> None:
        """Forget what the caller is saying, and what they typed that was not taken yet."""
        self._typed.clear()
        self.client.clear()
        self.close(now_ms, discarded=True)

    def end(self, now_ms: int) -> None:
        """End the caller's turn as soon as its words are known, whatever they sound like."""
        utterance = self._segmenter.utterance
        if self._config.turns.by_client:
            self.close(now_ms, discarded=False)
            self.client.hand_in(utterance.number if utterance else 0, now_ms)
            return
        if utterance is None:
            return
        for notice in self._segmenter.pause(now_ms):
            self.notice(notice, now_ms)
        utterance.ended_by_client = True
        self._endpoint(utterance, now_ms)

    def discard(self, now_ms: int) -> None:
        """Forget the utterance that is open."""
        self.close(now_ms, discarded=True)
        self._responder.dismiss(now_ms)
        if response := self._responder.uncommitted:
            self._responder.retract(response, now_ms)

    def close(self, now_ms: int, *, discarded: bool) -> None:
        """End the utterance, if one is open."""
        utterance = self._segmenter.utterance
        if utterance is None:
            return
        silence_ms = self._segmenter.silence_ms
        stopped = SpeechStopped(utterance.number, silence_ms, utterance.audio_ms, discarded)
        self._out.tell(stopped)
        last = self._segmenter.close(stands=utterance.pause if utterance.guess else 0)
        if last:
            self._out.send(last)
        ended = ev.SpeechEnded(
            **self._out.head(now_ms),
            utterance=utterance.number,
            pause=utterance.pause,
            speech_end_ms=utterance.speech_end_ms,
            wait_ms=silence_ms,
            discarded=discarded,
        )
        self._out.publish(ended)
