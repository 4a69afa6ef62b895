"""The echo of a response in the caller's audio, taken out by WebRTC's canceller (AEC3).

It takes part of the first words of a caller with a headset, too: so it works only once there is an
echo, and whether somebody speaks is told by the audio as it came. 20 ms cost 0.12 ms.
"""

from __future__ import annotations

from collections import deque

import numpy as np
from pywebrtc_audio import AudioProcessor

from schemas.audio import RATE_HZ

BEFORE_FRAMES = 40
"""Audio before the echo was found that it is shown as well (0.8 s)."""


class EchoCanceller:
    """One connection's canceller."""

    def __init__(self) -> None:
        self._processor: AudioProcessor | None = None
        self._before: deque[tuple[bytes, bytes]] = deque(maxlen=BEFORE_FRAMES)

    def note(self, near: bytes, far: bytes) -> None:
        """Take a frame of the microphone that stays as it is, and what was played in it."""
        self._before.append((near, far))

    def clean(self, near: bytes, far: bytes) -> bytes:
        """Return the frame *near* (640 bytes, s16le mono 16 kHz) without the echo of *far*."""
        if self._processor is None:
            self._processor = AudioProcessor(
                sample_rate=RATE_HZ,
                echo_cancellation=True,
                noise_suppression=False,
                auto_gain_control=False,
            )
        for earlier in self._before:
            self._process(self._processor, *earlier)
        self._before.clear()
        return self._process(self._processor, near, far)

    def _process(self, processor: AudioProcessor, near: bytes, far: bytes) -> bytes:
        cleaned = processor.process(np.frombuffer(near, "<i2"), np.frombuffer(far, "<i2"))
        return cleaned.tobytes()
