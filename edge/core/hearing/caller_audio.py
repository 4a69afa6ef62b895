"""The caller's audio on its way to the call: framing, voice activity and echo gate together.

Its verdicts go into the input, so that a call is decided again without the audio.
"""

from __future__ import annotations

from edge.core.client_events import ClientEvent
from edge.core.hearing.framing import Framer, frames
from edge.core.hearing.vad import VoiceActivity
from edge.core.inputs import Sound


class CallerAudio:
    """One connection's audio; it adapts to the caller's voice and background."""

    def __init__(self) -> None:
        self._framer = Framer()
        self._vad = VoiceActivity()

    def hear(self, pcm: bytes) -> Sound:
        """Return *pcm* (s16le mono 16 kHz, any length) as an input of the call."""
        whole = self._framer.cut(pcm)
        return Sound(whole, tuple(map(self._vad.is_voice, frames(whole))), len(pcm))

    def told(self, event: ClientEvent) -> None:
        """Note what the client plays: it may come back through the microphone."""
        self._vad.echo.told(event)
