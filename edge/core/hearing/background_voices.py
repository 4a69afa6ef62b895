"""Voices of other people in the caller's room, told from the caller by their loudness.

The quietest stretch of the last seconds is the background's. Where it holds voices, only what is
clearly louder is the caller's; where it holds none, nothing changes. The clock is the frame, 20 ms.
"""

from __future__ import annotations

from collections import deque

from edge.core.hearing.framing import FRAME_MS

STRETCH_FRAMES = 400 // FRAME_MS
"""The frames of a stretch: 400 ms."""
STRETCHES, LEAST_STRETCHES = 37, 20
"""Stretches (15 s) that are compared, and how many (8 s) must be there: a caller who speaks at once
and without a pause is not their own background."""
SMOOTH_FRAMES = 240 // FRAME_MS
"""The frames over which loudness is averaged: 240 ms."""
ABOVE = 10.0
"""The least ratio of the caller's power to the background's (10 dB)."""


class BackgroundVoices:
    """The level behind one caller."""

    def __init__(self) -> None:
        self._recent: deque[float] = deque(maxlen=SMOOTH_FRAMES)
        self._stretches: deque[float] = deque(maxlen=STRETCHES)
        self._loudest: deque[float] = deque(maxlen=STRETCHES)
        """The loudest moment of each stretch."""
        self._power = self._peak = 0.0
        self._frames = 0
        self.is_alone = False
        """All voices of the last seconds were the background's."""

    def is_below(self, loudness: float) -> bool:
        """Take the *loudness* (rms) of the voices in the next frame, 0: there are none.

        Tell whether the voices of the background are below it.
        """
        power = loudness * loudness
        self._recent.append(power)
        now = sum(self._recent) / len(self._recent)
        self._power, self._peak = self._power + power, max(self._peak, now)
        self._frames += 1
        if self._frames == STRETCH_FRAMES:
            self._end_stretch()
        if len(self._stretches) < LEAST_STRETCHES:
            return True
        return now >= ABOVE * min(self._stretches)

    def _end_stretch(self) -> None:
        self._stretches.append(self._power / STRETCH_FRAMES)
        self._loudest.append(self._peak)
        self._power, self._peak, self._frames = 0.0, 0.0, 0
        known = len(self._stretches) >= LEAST_STRETCHES
        background = min(self._stretches) if known else 0.0
        self.is_alone = background > 0 and max(self._loudest) < ABOVE * background
