"""Voices of other people in the caller's room, told from the caller by their loudness.

Whoever speaks pauses between words now and then; a room of people never does. The quiet moments
of the last seconds are the background's. Where most of them hold voices, only what is clearly
louder is the caller's; where they hold none, nothing changes. The clock is the frame, 20 ms.
"""

from __future__ import annotations

from collections import deque

from edge.core.hearing.framing import FRAME_MS

STRETCH_FRAMES = 400 // FRAME_MS
"""The frames of a stretch: 400 ms."""
STRETCHES, LEAST_STRETCHES = 37, 20
"""Stretches (15 s) that are compared, and how many (8 s) must be there: a caller who speaks at once
and without a pause is not their own background."""
SMOOTH_FRAMES = 200 // FRAME_MS
"""The frames over which loudness is averaged: 200 ms, less than a pause between clauses."""
PAUSING_SHARE = 13
"""One in so many stretches has a pause while one person speaks, however fluently."""
ABOVE = 10.0
"""The least ratio of the caller's power to the background's (10 dB)."""


class BackgroundVoices:
    """The level behind one caller."""

    def __init__(self) -> None:
        self._recent: deque[float] = deque(maxlen=SMOOTH_FRAMES)
        self._quietest: deque[float] = deque(maxlen=STRETCHES)
        """The quietest moment of each stretch."""
        self._loudest: deque[float] = deque(maxlen=STRETCHES)
        self._low, self._peak = float("inf"), 0.0
        self._frames = 0
        self._background = 0.0
        """Power; 0: no voices, or not known yet."""
        self.is_alone = False
        """All voices of the last seconds were the background's."""

    def is_below(self, loudness: float) -> bool:
        """Take the *loudness* (rms) of the voices in the next frame, 0: there are none.

        Tell whether the voices of the background are below it.
        """
        self._recent.append(loudness * loudness)
        now = sum(self._recent) / len(self._recent)
        if len(self._recent) == SMOOTH_FRAMES:  # the model of speech is not sure of the first ones
            self._low = min(self._low, now)
        self._peak = max(self._peak, now)
        self._frames += 1
        if self._frames == STRETCH_FRAMES:
            self._end_stretch()
        return now >= ABOVE * self._background

    def _end_stretch(self) -> None:
        self._quietest.append(self._low)
        self._loudest.append(self._peak)
        self._low, self._peak, self._frames = float("inf"), 0.0, 0
        if (known := len(self._quietest)) >= LEAST_STRETCHES:
            self._background = sorted(self._quietest)[known // PAUSING_SHARE]
        self.is_alone = self._background > 0 and max(self._loudest) < ABOVE * self._background
