"""Sound levels of both sides of a call, for a terminal. Pure; times are seconds."""

from array import array
from collections import deque
from math import log10

from rich.text import Text

from schemas.audio import BYTES_PER_MS

WINDOW_BYTES = 40 * BYTES_PER_MS
"""The window of a level, 40 ms."""
QUIET_DB, LOUD_DB = -55.0, -8.0
"""The ends of a meter, relative to full scale."""
METER_COLUMNS = 24
FALL_PER_SECOND = 2.5
"""The fall of a meter, in its whole length a second."""


def level(pcm: bytes) -> float:
    """Return the level of *pcm* (s16le) on a meter, 0 to 1."""
    samples = array("h", pcm[: len(pcm) // 2 * 2])
    if not samples:
        return 0.0
    rms = (sum(sample * sample for sample in samples) / len(samples)) ** 0.5 / 32768
    db = 20 * log10(rms) if rms else QUIET_DB
    return min(1.0, max(0.0, (db - QUIET_DB) / (LOUD_DB - QUIET_DB)))


class Sounding:
    """The playback of a client: each piece of audio at its time."""

    def __init__(self) -> None:
        self.until_s = 0.0
        """The time at which the playback ends."""
        self._pieces: deque[tuple[float, bytes]] = deque()

    def add(self, pcm: bytes, now_s: float) -> None:
        """Append *pcm* (s16le mono 16 kHz) to the playback."""
        begins_s = max(self.until_s, now_s)
        self._pieces.append((begins_s, pcm))
        self.until_s = begins_s + len(pcm) / BYTES_PER_MS / 1000

    def drop(self, now_s: float) -> None:
        """Drop all audio."""
        self._pieces.clear()
        self.until_s = now_s

    def level(self, now_s: float) -> float:
        while len(self._pieces) > 1 and self._pieces[1][0] <= now_s:
            self._pieces.popleft()
        if not self._pieces or not self._pieces[0][0] <= now_s < self.until_s:
            return 0.0
        begins_s, pcm = self._pieces[0]
        at = round((now_s - begins_s) * 1000) * BYTES_PER_MS
        return level(pcm[at : at + WINDOW_BYTES])


class Meter:
    """A bar that rises at once with a level, and falls slowly."""

    def __init__(self, colour: str) -> None:
        self._colour = colour
        self._shown, self._shown_s = 0.0, 0.0

    def drawn(self, loud: float, now_s: float) -> Text:
        fallen = self._shown - (now_s - self._shown_s) * FALL_PER_SECOND
        self._shown, self._shown_s = max(loud, fallen, 0.0), now_s
        full = round(self._shown * METER_COLUMNS)
        return Text.assemble(("━" * full, self._colour), ("━" * (METER_COLUMNS - full), "dim"))


def both(caller: Text, aura: Text) -> Text:
    """Return a line with the meters of both sides."""
    return Text.assemble(("\nYou   ", "cyan"), caller, ("   Aura  ", "green"), aura)
