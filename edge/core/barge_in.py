"""Words over a response: they interrupt it, or they are a backchannel, or its own echo."""

from __future__ import annotations

from edge.core.endpointing.end_of_turn import is_backchannel, words
from edge.core.hearing.utterance import Utterance
from edge.core.response.current_response import CurrentResponse
from schemas.session_config import SessionConfig

ECHO_WORDS, ECHO_SHARE = 3, 0.7
"""The words of an echo: at least 3, and at least 70 % of those heard, are the response's own."""


class BargeIn:
    """Compares the caller's words with the response that they are spoken over."""

    def __init__(self, config: SessionConfig, current: CurrentResponse) -> None:
        self._current = current
        self.configure(config)

    def configure(self, config: SessionConfig) -> None:
        """Judge by *config* from here on."""
        self._rules, self._language = config.interruption, config.language

    def interrupts(self, text: str) -> bool:
        """Tell whether *text* is meant to interrupt the response."""
        if self._is_echo(text) or is_backchannel(text, self._language):
            return False
        return len(words(text)) >= self._rules.min_words

    def is_backchannel(self, utterance: Utterance, text: str) -> bool:
        """Tell whether *text* is too little to stop a response that is being heard."""
        response = self._current.response
        if response is None or utterance.is_reply or not self._rules.allowed:
            return False
        if is_backchannel(text, self._language) or self._is_echo(text):
            return True
        return response.playback.begun and not self.interrupts(text)

    def _is_echo(self, text: str) -> bool:
        """Tell whether *text* says again what the response says: a loudspeaker is heard."""
        response = self._current.response
        if response is None or not self._rules.voice_ms:
            return False
        heard, said = words(text), set(words(response.spoken))
        again = sum(word in said for word in heard)
        return again >= ECHO_WORDS and again >= ECHO_SHARE * len(heard)
