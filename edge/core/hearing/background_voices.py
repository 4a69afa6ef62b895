"""Tells the caller from other people in the room, by loudness.

One speaker pauses between words now and then; a room full of people never does. So the quietest
moments of the last seconds are the background. If most of them hold voices, only clearly louder
voices are the caller's; if they hold none, nothing changes. The clock is the frame, 20 ms.
"""

from collections import deque

from edge.core.hearing.framing import FRAME_MS

STRETCH_FRAMES = 400 // FRAME_MS
"""The frames in a stretch: 400 ms."""
STRETCHES, LEAST_STRETCHES = 37, 20
"""The most stretches (15 s) that are compared, and the fewest (8 s): with fewer, a caller who
speaks at once without a pause would count as background."""
SMOOTH_FRAMES = 200 // FRAME_MS
"""The frames over which loudness is averaged: 200 ms, less than a pause between clauses."""
PAUSING_SHARE = 13
"""While one person speaks fluently, at least one in so many stretches has a pause."""
LEAST_POWER_RATIO = 10.0
"""The least ratio of the caller's power to the background's (10 dB)."""


class BackgroundVoices:
    """The background level of one caller."""

    def __init__(self) -> None:
        self._recent: deque[float] = deque(maxlen=SMOOTH_FRAMES)
        self._quietest: deque[float] = deque(maxlen=STRETCHES)
        """The quietest level in each stretch."""
        self._loudest: deque[float] = deque(maxlen=STRETCHES)
        self._low, self._peak = float("inf"), 0.0
        self._frames = 0
        self._background = 0.0
        """The power of background voices; 0 if there are none, or if it is not known yet."""
        self.is_alone = False
        """Whether all voices of the last seconds were in the background."""

    def is_below(self, loudness: float) -> bool:
        """Take the *loudness* (rms) of the voices in the next frame, or 0 without voices.

        Return whether the background voices are below it.
        """
        self._recent.append(loudness * loudness)
        power = sum(self._recent) / len(self._recent)
        if len(self._recent) == SMOOTH_FRAMES:  # the speech model is unsure in the first frames
            self._low = min(self._low, power)
        self._peak = max(self._peak, power)
        self._frames += 1
        if self._frames == STRETCH_FRAMES:
            self._end_stretch()
        return power >= LEAST_POWER_RATIO * self._background

    def _end_stretch(self) -> None:
        self._quietest.append(self._low)
        self._loudest.append(self._peak)
        self._low, self._peak, self._frames = float("inf"), 0.0, 0
        if (known := len(self._quietest)) >= LEAST_STRETCHES:
            self._background = sorted(self._quietest)[known // PAUSING_SHARE]
        least = LEAST_POWER_RATIO * self._background
        self.is_alone = self._background > 0 and max(self._loudest) < least
