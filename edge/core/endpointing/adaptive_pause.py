"""Adapts the wait for the end of turn to a caller who often pauses inside turns."""

import statistics
from collections import deque

MOST_TURNS = 5
"""The number of latest turns that are remembered."""
LEAST_TURNS = 2
"""The least number of turns for an adapted wait."""
WAIT_TO_PAUSE_RATIO = 1.15
"""The wait as a multiple of the caller's usual longest pause, without a unit."""
LONGEST_WAIT_MS = 1400
"""The longest adapted wait."""


class AdaptivePause:
    """The longest pause in each of the caller's latest turns, and in the present one."""

    def __init__(self) -> None:
        self._longest_ms: deque[int] = deque(maxlen=MOST_TURNS)
        self._present_ms = 0
        self._mistaken_ms = 0

    def continued(self, silence_ms: int, *, sounded_finished: bool = False) -> None:
        """Note that the caller went on after *silence_ms*, though the words sounded finished."""
        self._present_ms = max(self._present_ms, silence_ms)
        if sounded_finished:
            self._mistaken_ms = max(self._mistaken_ms, silence_ms)

    def ended(self) -> None:
        """Note that the turn has ended."""
        self._longest_ms.append(self._present_ms)
        self._present_ms = self._mistaken_ms = 0

    def reopened(self, silence_ms: int) -> None:
        """Note that the caller went on after *silence_ms* with a turn that had ended."""
        self._present_ms = max(self._longest_ms.pop() if self._longest_ms else 0, silence_ms)
        self._mistaken_ms = silence_ms

    @property
    def wait_ms(self) -> int:
        """The least silence, ms, that may end a turn of this caller."""
        if len(self._longest_ms) < LEAST_TURNS:
            return 0
        usual_ms = statistics.median_low(self._longest_ms)
        return min(LONGEST_WAIT_MS, int(usual_ms * WAIT_TO_PAUSE_RATIO))

    @property
    def this_turn_ms(self) -> int:
        """The least silence, ms, that may end this turn, since it went on after a shorter one."""
        return min(LONGEST_WAIT_MS, int(self._mistaken_ms * WAIT_TO_PAUSE_RATIO))
