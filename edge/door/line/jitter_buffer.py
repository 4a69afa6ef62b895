"""A jitter buffer: orders audio packets, waits a little for late ones, reports lost ones.

A packet in order is returned at once, so that a good line has no delay. Pure.
"""

from typing import NamedTuple

from runtime.audio.gaps import filled_ms

MOST_HELD_PACKETS = 3
"""The most packets that wait for a missing one: 60 ms with usual packets."""
RESTART_PACKETS = 100
"""The packets by which a number must differ for the sender to count as restarted."""
NUMBER_MODULUS, STAMP_MODULUS = 1 << 16, 1 << 32
"""The limits at which RTP's numbers and time stamps wrap."""


class PacketAudio(NamedTuple):
    """The audio of one packet."""

    payload: bytes
    gap_ms: int = 0
    """Missing audio before it."""
    lost: bool = False
    """Whether packets were lost there; else the sender left silence out."""


class _Packet(NamedTuple):
    stamp: int
    ms: float
    payload: bytes


class JitterBuffer:
    """One stream of RTP."""

    def __init__(self, stamps_per_ms: int) -> None:
        """Take *stamps_per_ms*, the stream's clock in kHz."""
        self._stamps_per_ms = stamps_per_ms
        self._next: int | None = None
        """The number of the next packet."""
        self._due: int | None = None
        """Its time stamp, unless audio is missing before it."""
        self._held: dict[int, _Packet] = {}

    def receive(self, number: int, stamp: int, payload: bytes, ms: float) -> list[PacketAudio]:
        """Receive packet *number*, of *ms* of audio; return the audio that is ready, in order."""
        if self._next is None:
            self._next = number
        distance = (number - self._next) % NUMBER_MODULUS
        if RESTART_PACKETS <= distance < NUMBER_MODULUS - RESTART_PACKETS:
            self._held.clear()
            self._next, self._due, distance = number, None, 0
        if distance >= NUMBER_MODULUS - RESTART_PACKETS:  # too late
            return []
        self._held[number] = _Packet(stamp, ms, payload)
        lost = False
        if self._next not in self._held and len(self._held) >= MOST_HELD_PACKETS:
            now, lost = self._next, True
            self._next = min(self._held, key=lambda held: (held - now) % NUMBER_MODULUS)
        out: list[PacketAudio] = []
        while (packet := self._held.pop(self._next, None)) is not None:
            gap_ms = self._gap_ms(packet.stamp)
            out.append(PacketAudio(packet.payload, gap_ms, lost and gap_ms > 0))
            lost = False
            self._due = packet.stamp + round(packet.ms * self._stamps_per_ms)
            self._next = (self._next + 1) % NUMBER_MODULUS
        return out

    def _gap_ms(self, stamp: int) -> int:
        if self._due is None:
            return 0
        return filled_ms(((stamp - self._due) % STAMP_MODULUS) // self._stamps_per_ms)
