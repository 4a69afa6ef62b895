"""Packets of sound in their order: what comes late is waited for a little, what is lost is told.

A packet that follows the one before it goes on at once, so a good line costs no time. Pure.
"""

from typing import NamedTuple

MOST_HELD = 3
"""Packets that are held for one that is missing: 60 ms as nearly all send them."""
RESTART = 100
"""A number that is so far off begins another count: the sender started anew."""
LEAST_GAP_MS, MOST_GAP_MS = 15, 1000
"""Sound that never came, by the time stamps: so much of it is told."""
AGAIN_MS = 20
NUMBERS, STAMPS = 1 << 16, 1 << 32
"""RTP's numbers and time stamps begin again there."""


class Piece(NamedTuple):
    """The sound of one packet."""

    payload: bytes
    gap_ms: int = 0
    """Before it: sound that never came."""
    lost: bool = False
    """Packets are missing there; else it was silence that was not sent."""


class _Packet(NamedTuple):
    stamp: int
    ms: float
    payload: bytes


class JitterBuffer:
    """One stream of RTP."""

    def __init__(self, stamps_a_ms: int) -> None:
        """Count time stamps as the stream's clock does, in kHz."""
        self._stamps_a_ms = stamps_a_ms
        self._next: int | None = None
        """The number of the packet that goes on next."""
        self._due: int | None = None
        """Its time stamp, if nothing is missing before it."""
        self._held: dict[int, _Packet] = {}

    def take(self, number: int, stamp: int, payload: bytes, ms: float) -> list[Piece]:
        """Take packet *number*, whose sound lasts *ms*; return what may be heard now, in order."""
        if self._next is None:
            self._next = number
        ahead = (number - self._next) % NUMBERS
        if RESTART <= ahead < NUMBERS - RESTART:
            self._held.clear()
            self._next, self._due, ahead = number, None, 0
        if ahead >= NUMBERS - RESTART:  # too late
            return []
        self._held[number] = _Packet(stamp, ms, payload)
        lost = False
        if self._next not in self._held and len(self._held) >= MOST_HELD:
            now, lost = self._next, True
            self._next = min(self._held, key=lambda one: (one - now) % NUMBERS)
        out: list[Piece] = []
        while (packet := self._held.pop(self._next, None)) is not None:
            gap_ms = self._gap_ms(packet.stamp)
            out.append(Piece(packet.payload, gap_ms, lost and gap_ms > 0))
            lost = False
            self._due = packet.stamp + round(packet.ms * self._stamps_a_ms)
            self._next = (self._next + 1) % NUMBERS
        return out

    def _gap_ms(self, stamp: int) -> int:
        if self._due is None:
            return 0
        gap_ms = ((stamp - self._due) % STAMPS) // self._stamps_a_ms
        return gap_ms if LEAST_GAP_MS <= gap_ms <= MOST_GAP_MS else 0


class Filler:
    """Fills in what is missing in a stream of s16le mono: words and pauses keep their length.

    Of what was lost the first 20 ms are the sound before it once more, and the rest is silence.
    """

    def __init__(self, bytes_a_ms: int) -> None:
        self._bytes_a_ms = bytes_a_ms
        self._most = AGAIN_MS * bytes_a_ms
        self._last = b""

    def take(self, pcm: bytes, gap_ms: int, *, lost: bool) -> bytes:
        """Return *pcm* behind what fills the gap of *gap_ms* before it."""
        gap = gap_ms * self._bytes_a_ms
        again, self._last = self._last[:gap] if lost else b"", pcm[-self._most :]
        return again + bytes(gap - len(again)) + pcm if gap else pcm
