"""The caller's audio on its way to the call: frames, echo taken out, voice activity.

Its verdicts go into the input, so that a call is decided again without the audio.
"""

from __future__ import annotations

from edge.core.client_events import ClientEvent
from edge.core.hearing.echo_canceller import EchoCanceller
from edge.core.hearing.framing import FRAME_BYTES, frames
from edge.core.hearing.vad import Opinion, VoiceActivity
from edge.core.inputs import Sound


class CallerAudio:
    """One connection's audio; it adapts to the caller's voice, room and background."""

    def __init__(self, model: Opinion | None = None, *, cancel_echo: bool = False) -> None:
        """Ask *model*, too, whether somebody speaks; None: the detector alone decides."""
        self._rest = b""
        """Less than a frame, until more comes."""
        self._canceller = EchoCanceller() if cancel_echo else None
        self._vad = VoiceActivity(model)

    def hear(self, pcm: bytes, now_ms: int) -> Sound:
        """Return *pcm* (s16le mono 16 kHz, any length), spoken until *now_ms*, as an input."""
        audio = self._rest + pcm if self._rest else pcm
        whole = len(audio) - len(audio) % FRAME_BYTES
        self._rest = audio[whole:]
        heard = frames(audio[:whole])
        if self._canceller:
            self._canceller.arrived(len(heard), now_ms)
            heard = [self._canceller.clean(frame) for frame in heard]
        return Sound(b"".join(heard), tuple(map(self._vad.is_voice, heard)), len(pcm))

    def told(self, event: ClientEvent, now_ms: int) -> None:
        """Note what the client plays: it may come back through the microphone."""
        if self._canceller:
            self._canceller.told(event, now_ms)
        if not self._canceller or not self._canceller.has_echo:
            self._vad.told(event)
