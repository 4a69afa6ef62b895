"""The caller's audio on its way to the call: framing, voice activity and echo gate together.

Its verdicts go into the input, so that a call is decided again without the audio.
"""

from __future__ import annotations

from edge.core.client_events import ClientEvent
from edge.core.hearing.framing import FRAME_BYTES, frames
from edge.core.hearing.vad import Opinion, VoiceActivity
from edge.core.inputs import Sound


class CallerAudio:
    """One connection's audio; it adapts to the caller's voice and background."""

    def __init__(self, model: Opinion | None = None) -> None:
        """Ask *model*, too, whether somebody speaks; None: the detector alone decides."""
        self._rest = b""
        """Less than a frame, until more comes."""
        self._vad = VoiceActivity(model)

    def hear(self, pcm: bytes) -> Sound:
        """Return *pcm* (s16le mono 16 kHz, any length) as an input of the call."""
        if len(pcm) == FRAME_BYTES and not self._rest:  # as most microphones send it
            return Sound(pcm, (self._vad.is_voice(pcm),), FRAME_BYTES)
        audio = self._rest + pcm
        whole = len(audio) - len(audio) % FRAME_BYTES
        self._rest = audio[whole:]
        voiced = tuple(map(self._vad.is_voice, frames(audio[:whole])))
        return Sound(audio[:whole], voiced, len(pcm))

    def told(self, event: ClientEvent) -> None:
        """Note what the client plays: it may come back through the microphone."""
        self._vad.told(event)
