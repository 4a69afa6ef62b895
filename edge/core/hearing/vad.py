"""Voice activity in 20 ms of audio: WebRTC's detector (2 us a frame) behind two gates."""

from __future__ import annotations

import webrtcvad

from edge.core.hearing.echo import EchoGate, rms
from schemas.audio import RATE_HZ

MODE = 2
"""WebRTC's aggressiveness, 0 to 3: how readily a sound is taken for noise."""
GATE_RMS = 80.0
"""Audio below this (-52 dBFS) is no voice meant for a telephone."""


class VoiceActivity:
    """One caller's detector; it adapts to the background and ignores the echo of a response."""

    def __init__(self) -> None:
        self._vad = webrtcvad.Vad(MODE)
        self.echo = EchoGate()

    def is_voice(self, frame: bytes) -> bool:
        """Tell whether *frame* (640 bytes, s16le mono 16 kHz) holds the caller's voice."""
        self.echo.passes()
        if not self._vad.is_speech(frame, RATE_HZ):
            return False
        loudness = rms(frame)
        return loudness >= GATE_RMS and not self.echo.is_echo(loudness)
