"""Enters the words of a caller's turn into the conversation, with or without a response."""

from collections import deque

from edge.core.client_events import CallerStopped, CallerTranscript, ResponseStarted
from edge.core.client_turns import ClientTurns
from edge.core.effects import Outbox
from edge.core.hearing.segmenter import Segmenter
from edge.core.hearing.utterance import Utterance
from edge.core.response.responder import Responder
from edge.core.response.response import Response
from edge.core.session.current_config import CurrentConfig
from edge.core.session.history import History
from edge.core.session.message_names import turn_key
from schemas import events as ev


class TurnEntry:
    """Enters the caller's spoken and typed turns into the conversation."""

    def __init__(
        self,
        config: CurrentConfig,
        segmenter: Segmenter,
        responder: Responder,
        history: History,
        out: Outbox,
    ) -> None:
        self._config = config
        self._segmenter = segmenter
        self._current = responder.current
        self._requester = responder.requester
        self._interruptions = responder.interruptions
        self._history = history
        self._out = out
        self._typed: deque[str] = deque()
        """Turns typed during a response that cannot be interrupted; the door bounds them."""
        self.count = 0
        """The number of the caller's turns so far."""
        self.client = ClientTurns(responder, history, out)

    def spoken(self, utterance: Utterance, transcript: ev.TranscriptGuess, now_ms: int) -> None:
        """Enter the turn that *transcript* ends, and ask for a response if it gets one."""
        self.count += 1
        if self._silent and not self._current.uncommitted:
            self.close(now_ms, discarded=False)
            self._enter(transcript.text, transcript.confidence, now_ms, utterance=utterance.number)
        elif self.only_enters and not self._silent:
            self.close(now_ms, discarded=False)
            said, respond = (transcript.text, transcript.confidence), self._config.now.turns.respond
            self.client.enter(
                utterance.number, *said, now_ms, respond=respond, goes_on=utterance.is_split
            )
        else:
            response = self._current.response
            if response is None:
                response = self._requester.take(utterance, transcript, now_ms, speculative=False)
            self.close(now_ms, discarded=False)
            self._tell_final(
                response, transcript.text, utterance.number, continues=utterance.is_split
            )
            self._requester.commit(response, now_ms)

    def typed(self, text: str, now_ms: int) -> None:
        """Take a typed turn, which interrupts and is committed at once."""
        if self._current.firm:
            self._typed.append(text)
            return
        self.count += 1
        self.close(now_ms, discarded=True)
        self._interruptions.interrupt(now_ms)
        if self._silent:
            self._enter(text, 1.0, now_ms)
            return
        response = self._requester.take_typed(text, now_ms)
        self._tell_final(response, text)
        self._requester.commit(response, now_ms)

    @property
    def has_waiting(self) -> bool:
        """Whether typed turns wait."""
        return bool(self._typed)

    def take_waiting(self, now_ms: int) -> bool:
        """Take the first of the waiting typed turns; return False if none waits."""
        if not self._typed:
            return False
        self.typed(self._typed.popleft(), now_ms)
        return True

    @property
    def only_enters(self) -> bool:
        """Whether a turn that ends now is only entered, without a response to it."""
        if self._silent:
            return True
        response = self._current.response
        spoken = response is not None and response is not self._current.uncommitted
        return not self._config.now.turns.respond or spoken

    @property
    def _silent(self) -> bool:
        """Whether turns get no response."""
        return self._history.control.silent

    def _enter(self, text: str, confidence: float, now_ms: int, *, utterance: int = 0) -> None:
        """Enter a turn without a response."""
        words = self._requester.enter(text, confidence, now_ms)
        key = turn_key(self._history.turn)
        self._out.tell(CallerTranscript(words, True, confidence, utterance=utterance, key=key))

    def _tell_final(
        self, response: Response, words: str, utterance: int = 0, *, continues: bool = False
    ) -> None:
        """Tell the client each final word of a turn once, and the start of its response."""
        goes_on, words = continues or bool(self._history.carried_sent), self._history.unsent(words)
        key, sure = turn_key(response.turn), response.confidence
        self._out.tell(CallerTranscript(words, True, sure, goes_on, utterance, key))
        self._out.tell(ResponseStarted(response.turn))

    def close(self, now_ms: int, *, discarded: bool) -> None:
        """End the open utterance, if there is one."""
        utterance = self._segmenter.utterance
        if utterance is None:
            return
        silence_ms = self._segmenter.silence_ms
        self._out.tell(CallerStopped(utterance.number, silence_ms, utterance.audio_ms, discarded))
        final_pause = utterance.pause if utterance.transcript else 0
        self._segmenter.close(utterance, final_pause=final_pause)
        self._ended(utterance, silence_ms, now_ms, discarded=discarded)

    def split(
        self, utterance: Utterance, said: ev.TranscriptGuess, at_ms: int, now_ms: int
    ) -> Utterance:
        """End *utterance* at the pause that ended at *at_ms*, and enter *said*, its words.

        Returns the utterance in which the caller goes on.
        """
        silence_ms = at_ms - utterance.speech_end_ms
        self._out.tell(CallerStopped(utterance.number, silence_ms, utterance.audio_ms, False))
        following = self._segmenter.split(utterance, at_ms)
        self._ended(utterance, silence_ms, now_ms, discarded=False)
        words = said.text, said.confidence
        self.client.enter(
            utterance.number, *words, now_ms, respond=False, goes_on=utterance.is_split
        )
        return following

    def _ended(
        self, utterance: Utterance, silence_ms: int, now_ms: int, *, discarded: bool
    ) -> None:
        """Publish the end of *utterance* after *silence_ms* of silence."""
        ended = ev.SpeechEnded(
            **self._out.head(now_ms),
            utterance=utterance.number,
            pause=utterance.pause,
            speech_end_ms=utterance.speech_end_ms,
            wait_ms=silence_ms,
            discarded=discarded,
        )
        self._out.publish(ended)

    def discard(self, now_ms: int) -> None:
        """Discard the open utterance."""
        self.close(now_ms, discarded=True)
        self._interruptions.dismiss(now_ms)
        if response := self._current.uncommitted:
            self._current.retract(response, now_ms)

    def clear(self) -> None:
        """Drop the waiting typed turns, and the client's pending turns and requests."""
        self._typed.clear()
        self.client.clear()
