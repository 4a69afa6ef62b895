"""Is there a voice in these 20 ms? WebRTC's detector (2 us a frame) behind a loudness gate."""

from __future__ import annotations

import numpy as np
import webrtcvad

from schemas.audio import RATE_HZ

MODE = 2
"""WebRTC's aggressiveness, 0 to 3: how readily a sound is taken for noise."""
GATE_RMS = 80.0
"""Sound below this (-52 dBFS) is no voice meant for a telephone."""


class VoiceActivity:
    """One caller's detector; it adapts to their background."""

    def __init__(self) -> None:
        self._vad = webrtcvad.Vad(MODE)

    def __call__(self, frame: bytes) -> bool:
        """Tell whether *frame* (640 bytes, s16le mono 16 kHz) holds voice."""
        return bool(self._vad.is_speech(frame, RATE_HZ)) and _rms(frame) >= GATE_RMS


def _rms(frame: bytes) -> float:
    samples = np.frombuffer(frame, np.int16).astype(np.float32)
    return float(np.sqrt(np.dot(samples, samples) / samples.size))
