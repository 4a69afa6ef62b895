"""How long one caller pauses inside a turn: who was seen to go on is given that time again."""

from __future__ import annotations

import statistics
from collections import deque

TURNS = 5
"""So many turns are remembered."""
LEAST = 2
"""Of fewer turns nothing is concluded."""
MARGIN = 1.15
"""Of the usual pause, for nobody pauses twice as long."""
LONGEST_MS = 1500
"""Nobody is waited for longer on this account."""


class Hesitation:
    """The longest pause inside each of the caller's last turns."""

    def __init__(self) -> None:
        self._longest: deque[int] = deque(maxlen=TURNS)
        self._now = 0

    def went_on(self, silence_ms: int) -> None:
        """The caller spoke on after *silence_ms*."""
        self._now = max(self._now, silence_ms)

    def over(self) -> None:
        """The turn is over."""
        self._longest.append(self._now)
        self._now = 0

    def reopened(self, silence_ms: int) -> None:
        """The turn that was taken for over went on after *silence_ms*."""
        self._now = max(self._longest.pop() if self._longest else 0, silence_ms)

    @property
    def wait_ms(self) -> int:
        """Silence that means nothing from this caller."""
        if len(self._longest) < LEAST:
            return 0
        return min(LONGEST_MS, int(statistics.median_low(self._longest) * MARGIN))
