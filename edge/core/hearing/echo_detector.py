"""Is the response in the caller's audio? Told by a delay that stays: an echo has one, a voice none.

A canceller that is shown a caller with a headset takes their first words for an echo. So it works
only once there is one: the cross-correlation of microphone and response, whitened (GCC-PHAT) and
summed over windows, has one peak that stands out. 0.4 ms a window.
"""

from __future__ import annotations

from collections import deque

import numpy as np
import numpy.typing as npt

from edge.core.hearing.framing import FRAME_BYTES
from schemas.audio import RATE_HZ

Samples = npt.NDArray[np.float64]
FRAME_SAMPLES = FRAME_BYTES // 2
WINDOW_FRAMES = 13
"""Of the microphone, 260 ms; windows do not overlap."""
DELAY_FRAMES = 25
"""The longest delay that is looked for, 0.5 s."""
FAR_FRAMES = WINDOW_FRAMES + DELAY_FRAMES
PEAK = 8.5
"""Least height of the peak, in standard deviations; unrelated voices stay below 8."""
KEPT = 0.85
"""Weight of the windows before in the sum."""
LEAST_WINDOWS = 2
BAND_HZ = (200, 4000)


class EchoDetector:
    """One connection's; once `found`, the loudspeaker stays where it is."""

    def __init__(self) -> None:
        self.found = False
        self._near: deque[bytes] = deque(maxlen=WINDOW_FRAMES)
        self._far: deque[bytes] = deque(maxlen=FAR_FRAMES)
        self._until_next = WINDOW_FRAMES
        self._windows = 0
        self._sum: Samples = np.zeros(DELAY_FRAMES * FRAME_SAMPLES + 1)
        self._variance = 0.0

    def hear(self, near: bytes, far: bytes, *, loud: bool) -> None:
        """Take a frame of the microphone and what was played in it; *loud*: there is a sound."""
        self._near.append(near)
        self._far.append(far)
        self._until_next -= 1
        if self._until_next > 0 or not loud or len(self._near) < WINDOW_FRAMES:
            return
        self._until_next = WINDOW_FRAMES
        likeness = _correlation(b"".join(self._near), b"".join(self._far))
        if likeness is None:
            return
        self._windows += 1
        self._sum = KEPT * self._sum + likeness
        self._variance = KEPT**2 * self._variance + 1
        peak = float(np.abs(self._sum).max() / np.sqrt(self._variance))
        self.found = self._windows >= LEAST_WINDOWS and peak >= PEAK


def _correlation(near: bytes, far: bytes) -> Samples | None:
    """Return the whitened correlation of *near* with *far*, both up to now, at each delay.

    float64 [delays], of variance 1; None where one of them is silent.
    """
    size = 1 << ((WINDOW_FRAMES + FAR_FRAMES) * FRAME_SAMPLES).bit_length()
    played = far.rjust(FAR_FRAMES * FRAME_BYTES, b"\0")
    cross = np.fft.rfft(np.frombuffer(near, "<i2"), size)
    cross *= np.conj(np.fft.rfft(np.frombuffer(played, "<i2"), size))
    strength = np.abs(cross)
    if not strength.any():
        return None
    hz = np.fft.rfftfreq(size, 1 / RATE_HZ)
    in_band = (hz > BAND_HZ[0]) & (hz < BAND_HZ[1])
    white = np.fft.irfft(np.where(in_band, cross / (strength + 1e-9), 0), size)
    found = np.append(white[-DELAY_FRAMES * FRAME_SAMPLES :], white[0])
    scaled: Samples = found / np.sqrt(np.mean(found**2))
    return scaled
