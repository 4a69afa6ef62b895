"""Gaps in a stream of audio packets: which ones are filled, and with what. Pure."""

LEAST_GAP_MS, MOST_GAP_MS = 15, 1000
"""The shortest and the longest gap, by time stamps, that is filled."""
REPEATED_MS = 20
"""The part of a gap that repeats the audio before it."""


def filled_ms(gap_ms: int) -> int:
    """Return the part of a gap of *gap_ms* that is filled, ms: all of it or nothing."""
    return gap_ms if LEAST_GAP_MS <= gap_ms <= MOST_GAP_MS else 0


class GapFiller:
    """Fills gaps in a stream, so that words and pauses keep their length.

    The first 20 ms of lost audio repeat the audio before it, and the rest is silence.
    """

    def __init__(self, bytes_per_ms: int, silence: bytes = b"\0") -> None:
        """Take the size of 1 ms of mono audio, and the *silence* of one byte."""
        self._bytes_per_ms = bytes_per_ms
        self._silence = silence
        self._last = b""

    def fill(self, data: bytes, gap_ms: int, *, lost: bool) -> bytes:
        """Return *data* with the gap of *gap_ms* before it filled; not *lost*: it was silence."""
        gap = gap_ms * self._bytes_per_ms
        repeated = self._last[:gap] if lost else b""
        self._last = data[-REPEATED_MS * self._bytes_per_ms :]
        return repeated + self._silence * (gap - len(repeated)) + data if gap else data
