"""The end of a caller's turn: its words enter the conversation, with or without a response."""

from __future__ import annotations

from collections import deque

from edge.core.client_events import ResponseStarted, SpeechStopped, Transcript
from edge.core.client_turns import ClientTurns
from edge.core.effects import Outbox
from edge.core.hearing.segmenter import Segmenter
from edge.core.hearing.utterance import Utterance
from edge.core.response.responder import Responder
from edge.core.response.response import Response
from edge.core.session.history import History
from edge.core.session.message_names import turn_key
from schemas import events as ev
from schemas.session_config import SessionConfig


class TurnEntry:
    """Enters the caller's turns into the conversation, those that are typed as well."""

    def __init__(
        self,
        config: SessionConfig,
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
        """Turns that were typed over a response that cannot be interrupted."""
        self.count = 0
        """Turns of the caller so far."""
        self.client = ClientTurns(responder, history, out)

    def configure(self, config: SessionConfig) -> None:
        """Decide by *config* from here on."""
        self._config = config

    def spoken(self, utterance: Utterance, transcript: ev.TranscriptGuess, now_ms: int) -> None:
        """Enter the turn that *transcript* ends, and ask for a response where one is wanted."""
        self.count += 1
        if self._silent and not self._current.uncommitted:
            self.close(now_ms, discarded=False)
            self._enter(transcript.text, transcript.confidence, now_ms, utterance=utterance.number)
        elif self.only_enters and not self._silent:
            self.close(now_ms, discarded=False)
            said, respond = (transcript.text, transcript.confidence), self._config.turns.respond
            self.client.enter(utterance.number, *said, now_ms, respond=respond)
        else:
            response = self._current.response
            if response is None:
                response = self._requester.take(utterance, transcript, now_ms, speculative=False)
            self.close(now_ms, discarded=False)
            self._tell_final(response, transcript.text, utterance.number)
            self._requester.commit(response, now_ms)

    def typed(self, text: str, now_ms: int) -> None:
        """Take a turn that the caller typed: it interrupts, and is certain at once."""
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

    def take_waiting(self, now_ms: int) -> bool:
        """Take the turn that was typed first of those that wait; False: none does."""
        if not self._typed:
            return False
        self.typed(self._typed.popleft(), now_ms)
        return True

    @property
    def only_enters(self) -> bool:
        """A turn that ends now enters the conversation, and no response is asked for at once."""
        if self._silent:
            return True
        response = self._current.response
        spoken = response is not None and response is not self._current.uncommitted
        return not self._config.turns.respond or spoken

    @property
    def _silent(self) -> bool:
        """Turns get no response."""
        return self._history.control.silent

    def _enter(self, text: str, confidence: float, now_ms: int, *, utterance: int = 0) -> None:
        """Enter a turn that gets no response."""
        words = self._requester.enter(text, confidence, now_ms)
        final = Transcript(
            words,
            final=True,
            turn_ends=True,
            confidence=confidence,
            utterance=utterance,
            key=turn_key(self._history.turn),
        )
        self._out.tell(final)

    def _tell_final(self, response: Response, words: str, utterance: int = 0) -> None:
        """Tell the client the final words of a turn, each once, and that its response starts."""
        final = Transcript(
            self._history.untold(words),
            final=True,
            turn_ends=True,
            confidence=response.confidence,
            goes_on=bool(self._history.told),
            utterance=utterance,
            key=turn_key(response.turn),
        )
        self._out.tell(final)
        self._out.tell(ResponseStarted(response.turn))

    def close(self, now_ms: int, *, discarded: bool) -> None:
        """End the utterance, if one is open."""
        utterance = self._segmenter.utterance
        if utterance is None:
            return
        silence_ms = self._segmenter.silence_ms
        stopped = SpeechStopped(utterance.number, silence_ms, utterance.audio_ms, discarded)
        self._out.tell(stopped)
        self._segmenter.close(stands=utterance.pause if utterance.transcript else 0)
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
        """Forget the utterance that is open."""
        self.close(now_ms, discarded=True)
        self._interruptions.dismiss(now_ms)
        if response := self._current.uncommitted:
            self._current.retract(response, now_ms)

    def clear(self) -> None:
        """Forget the turns that were typed and not taken yet, and what the client waits for."""
        self._typed.clear()
        self.client.clear()
