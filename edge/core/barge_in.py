"""Judges words over a response: they are an interruption, a backchannel, or an echo of it."""

from edge.core.endpointing.end_of_turn import is_backchannel, words
from edge.core.hearing.utterance import Onset, Utterance
from edge.core.response.current_response import CurrentResponse
from edge.core.session.current_config import CurrentConfig

ECHO_WORDS, ECHO_SHARE = 3, 0.7
"""Words are an echo if at least 3 of them, and at least 70 %, are the response's own."""


class BargeIn:
    """Compares the caller's words with the response that they are spoken over."""

    def __init__(self, config: CurrentConfig, current: CurrentResponse) -> None:
        self._current = current
        self._config = config

    def interrupts(self, text: str) -> bool:
        """Tell whether *text* interrupts the response."""
        if self._is_echo(text) or is_backchannel(text, self._config.now.language):
            return False
        return len(words(text)) >= self._config.now.interruption.min_words

    def is_backchannel(self, utterance: Utterance, text: str) -> bool:
        """Tell whether *text* is only a backchannel, which does not stop a response."""
        response = self._current.response
        is_reply = utterance.onset is Onset.REPLY
        if response is None or is_reply or not self._config.now.interruption.allowed:
            return False
        if is_backchannel(text, self._config.now.language) or self._is_echo(text):
            return True
        return response.playback.begun and not self.interrupts(text)

    def _is_echo(self, text: str) -> bool:
        """Tell whether *text* repeats the response, since the microphone hears the loudspeaker."""
        response = self._current.response
        if response is None or not self._config.now.interruption.voice_ms:
            return False
        heard, said = words(text), set(words(response.spoken))
        again = sum(word in said for word in heard)
        return again >= ECHO_WORDS and again >= ECHO_SHARE * len(heard)
