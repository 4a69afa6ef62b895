"""Judges words over a response: they are an interruption, a backchannel, or an echo of it. Pure."""

from edge.core.endpointing import end_of_turn
from edge.core.endpointing.end_of_turn import words
from edge.core.hearing.utterance import Onset
from edge.core.response.response import Response
from schemas.session_config import SessionConfig

ECHO_WORDS, ECHO_SHARE = 3, 0.7
"""Words are an echo if at least 3 of them, and at least 70 %, are the response's own."""


def interrupts(text: str, response: Response | None, config: SessionConfig) -> bool:
    """Tell whether *text* interrupts *response*."""
    if _is_echo(text, response, config) or end_of_turn.is_backchannel(text, config.language):
        return False
    return len(words(text)) >= config.interruption.min_words


def is_backchannel(
    text: str, onset: Onset, response: Response | None, config: SessionConfig
) -> bool:
    """Tell whether *text* is only a backchannel, which does not stop *response*."""
    if response is None or onset is Onset.REPLY or not config.interruption.allowed:
        return False
    if end_of_turn.is_backchannel(text, config.language) or _is_echo(text, response, config):
        return True
    return response.playback.begun and not interrupts(text, response, config)


def _is_echo(text: str, response: Response | None, config: SessionConfig) -> bool:
    """Tell whether *text* repeats *response*, since the microphone hears the loudspeaker."""
    if response is None or not config.interruption.voice_ms:
        return False
    said, own = words(text), set(words(response.text))
    again = sum(word in own for word in said)
    return again >= ECHO_WORDS and again >= ECHO_SHARE * len(said)
