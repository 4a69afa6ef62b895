"""Is the response in the caller's audio? Told by a delay that stays: an echo has one, a voice none.

A canceller that is shown a caller with a headset takes their first words for an echo. So it works
only once there is one: the cross-correlation of microphone and response, whitened (GCC-PHAT), has
its peak at the same delay in two of the last windows. 0.4 ms a window.
"""

from __future__ import annotations

from collections import deque

import numpy as np
import numpy.typing as npt

from edge.core.hearing.framing import FRAME_BYTES
from schemas.audio import RATE_HZ

FRAME_SAMPLES = FRAME_BYTES // 2
WINDOW_FRAMES = 13
"""Of the microphone, 260 ms: windows do not overlap, or two would agree by what they share."""
DELAY_FRAMES = 25
"""The longest delay that is looked for, 0.5 s."""
PEAK = 5.5
"""Least height of a peak, in standard deviations: unrelated voices have 5.2 (p50) and 8 (p95)."""
SAME_SAMPLES = 8
"""Delays so close (0.5 ms) are the same; by chance two are in one case of 500."""
WINDOWS = 4
"""Windows of which two agree."""
BAND_HZ = (200, 4000)


class EchoDetector:
    """One connection's; once `found`, the loudspeaker stays where it is."""

    def __init__(self) -> None:
        self.found = False
        self._near: deque[bytes] = deque(maxlen=WINDOW_FRAMES)
        self._far: deque[bytes] = deque(maxlen=WINDOW_FRAMES + DELAY_FRAMES)
        self._delays: deque[int] = deque(maxlen=WINDOWS)
        """Samples."""
        self._until_next = WINDOW_FRAMES

    def hear(self, near: bytes, far: bytes, *, loud: bool) -> None:
        """Take a frame of the microphone and what was played in it; *loud*: there is a sound."""
        self._near.append(near)
        self._far.append(far)
        self._until_next -= 1
        if self._until_next > 0 or not loud or len(self._far) < WINDOW_FRAMES:
            return
        self._until_next = WINDOW_FRAMES
        delay = _delay(samples_of(self._near), samples_of(self._far))
        if delay is None:
            return
        self.found = any(abs(delay - other) <= SAME_SAMPLES for other in self._delays)
        self._delays.append(delay)


def samples_of(frames: deque[bytes]) -> npt.NDArray[np.float32]:
    return np.frombuffer(b"".join(frames), "<i2").astype(np.float32)


def _delay(near: npt.NDArray[np.float32], far: npt.NDArray[np.float32]) -> int | None:
    """Return how many samples *near* is behind *far*, which ends with it; None: nobody can say."""
    size = 1 << (len(near) + (WINDOW_FRAMES + DELAY_FRAMES) * FRAME_SAMPLES).bit_length()
    padded = np.pad(far, ((WINDOW_FRAMES + DELAY_FRAMES) * FRAME_SAMPLES - len(far), 0))
    cross = np.fft.rfft(near, size) * np.conj(np.fft.rfft(padded, size))
    strength = np.abs(cross)
    if not strength.any():
        return None
    hz = np.fft.rfftfreq(size, 1 / RATE_HZ)
    in_band = (hz > BAND_HZ[0]) & (hz < BAND_HZ[1])
    white = np.fft.irfft(np.where(in_band, cross / (strength + 1e-9), 0), size)
    longest = DELAY_FRAMES * FRAME_SAMPLES
    peaks = np.abs(np.append(white[-longest:], white[0]))
    at = int(np.argmax(peaks))
    return longest - at if peaks[at] >= PEAK * float(np.sqrt(np.mean(peaks**2))) else None
