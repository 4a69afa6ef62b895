"""Rates of the UDP packets that are read, of a call and of addresses without a call. Pure.

Packets above a rate are dropped, as the network itself may drop any packet.
"""

from runtime.buckets import Bucket, Buckets

OF_CALL_A_SECOND, OF_CALL_AT_ONCE = 400.0, 4000.0
"""All packets of a call, a second and at once; a long message has some hundreds of packets."""
AUDIO_A_SECOND, AUDIO_AT_ONCE = 200.0, 400.0
"""RTP packets of a call, with their reports; audio has 50 to 100 a second."""
RTP = range(128, 192)
"""The first byte of RTP packets (RFC 7983)."""
OF_ADDRESS_A_SECOND, OF_ADDRESS_AT_ONCE = 100.0, 400.0
"""Packets of an address that belongs to no call yet; a call begins with some ten."""
OF_STRANGERS_A_SECOND, OF_STRANGERS_AT_ONCE = 2000.0, 2000.0
"""Packets of all such addresses, since the sender of a packet can be forged."""
MOST_STUN_BYTES, MOST_STUN_ATTRIBUTES = 1280, 16
"""The limits of a STUN packet: ICE's checks have 100 bytes and seven attributes, but 60 kB of
attributes without values take 8 ms to read."""
STUN_HEAD_BYTES = 20


def is_short_stun(data: bytes) -> bool:
    """Return whether a STUN packet is short enough to be read, and has few enough attributes."""
    if len(data) > MOST_STUN_BYTES:
        return False
    at = STUN_HEAD_BYTES
    for _ in range(MOST_STUN_ATTRIBUTES):
        if at >= len(data):
            return True
        at += 4 + (int.from_bytes(data[at + 2 : at + 4]) + 3 & ~3)
    return at >= len(data)


class CallPackets:
    """The rates of one call."""

    def __init__(self) -> None:
        self._all = Bucket(OF_CALL_A_SECOND, OF_CALL_AT_ONCE)
        self._audio = Bucket(AUDIO_A_SECOND, AUDIO_AT_ONCE)

    def may(self, data: bytes, now_s: float) -> bool:
        """Count a packet; return whether it is read."""
        if data and data[0] in RTP and self._audio.refuse_s(now_s):
            return False
        return not self._all.refuse_s(now_s)


class PacketLimits:
    """The rates of one port for addresses without a call."""

    def __init__(self) -> None:
        self._addresses = Buckets(lambda: Bucket(OF_ADDRESS_A_SECOND, OF_ADDRESS_AT_ONCE))
        self._strangers = Bucket(OF_STRANGERS_A_SECOND, OF_STRANGERS_AT_ONCE)

    def stranger_may(self, address: str, now_s: float) -> bool:
        """Count a packet of *address*; return whether it is read."""
        if self._addresses.of(address).refuse_s(now_s):
            return False
        return not self._strangers.refuse_s(now_s)
