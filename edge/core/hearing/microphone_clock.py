"""Estimates the times at which a microphone's frames were spoken from their arrivals.

Packets arrive late and never early, so the least delayed of the last one to two seconds give the
time.
"""

from edge.core.hearing.framing import FRAME_MS

OFF_MS = 40
"""The difference from the arrivals at which the clock is reset."""
PAUSED_MS = 1000
"""The delay after which the microphone counts as paused, since no network delays packets for so
long."""
PERIOD_MS = 1000


class MicrophoneClock:
    """The clock of one microphone."""

    def __init__(self) -> None:
        self._at_ms = 0
        self._frames = 0
        self._period_ms = 0
        """The start of the current period, Unix ms."""
        self._least: tuple[int, int] = (0, 0)
        """The time of the first frame, Unix ms, by the current and by the previous period."""

    def arrived(self, frames: int, now_ms: int) -> None:
        """Note that *frames* frames have just arrived; the last of them was spoken just now."""
        began_ms = now_ms - (self._frames + frames) * FRAME_MS
        if began_ms - min(self._least) > PAUSED_MS:
            self._least, self._period_ms = (began_ms, began_ms), now_ms
        elif now_ms - self._period_ms >= PERIOD_MS:
            self._least, self._period_ms = (began_ms, self._least[0]), now_ms
        else:
            self._least = (min(began_ms, self._least[0]), self._least[1])
        spoken_ms = min(self._least) + self._frames * FRAME_MS
        if abs(spoken_ms - self._at_ms) > OFF_MS:
            self._at_ms = spoken_ms

    def next_ms(self) -> int:
        """Return the end time of the next frame, Unix ms."""
        self._frames += 1
        self._at_ms += FRAME_MS
        return self._at_ms
