"""The caller's audio on its way to the call: frames, voice activity, echo taken out.

Its verdicts go into the input, so that a call is decided again without the audio.
"""

from __future__ import annotations

from edge.core.client_events import ClientEvent
from edge.core.hearing.echo import Echo
from edge.core.hearing.framing import FRAME_BYTES, frames
from edge.core.hearing.vad import Opinion, VoiceActivity
from edge.core.inputs import Sound


class CallerAudio:
    """One connection's audio; it adapts to the caller's voice, room and background."""

    def __init__(self, model: Opinion | None = None, *, cancel_echo: bool = False) -> None:
        """Ask *model*, too, whether somebody speaks; None: the detector alone decides."""
        self._rest = b""
        """Less than a frame, until more comes."""
        self._echo = Echo() if cancel_echo else None
        self._vad = VoiceActivity(model)

    def hear(self, pcm: bytes, now_ms: int) -> Sound:
        """Return *pcm* (s16le mono 16 kHz, any length), spoken until *now_ms*, as an input."""
        audio = self._rest + pcm if self._rest else pcm
        whole = len(audio) - len(audio) % FRAME_BYTES
        self._rest = audio[whole:]
        heard = frames(audio[:whole])
        if not self._echo:
            return Sound(b"".join(heard), tuple(map(self._vad.is_voice, heard)), len(pcm))
        self._echo.arrived(len(heard), now_ms)
        cleaned, voiced = [], []
        for frame in heard:  # voice is looked for in what came: a canceller takes some of it
            cleaned.append(self._echo.clean(frame))
            voiced.append(self._vad.is_voice(frame, self._echo.is_all))
        return Sound(b"".join(cleaned), tuple(voiced), len(pcm))

    def told(self, event: ClientEvent, now_ms: int) -> None:
        """Note what the client plays: it may come back through the microphone."""
        if self._echo:
            self._echo.told(event, now_ms)
