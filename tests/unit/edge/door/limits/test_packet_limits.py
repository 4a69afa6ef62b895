"""How many packets of a port are read, with time as an argument."""

from __future__ import annotations

import pytest

from edge.door.limits.packet_limits import (
    AUDIO_AT_ONCE,
    MOST_STUN_ATTRIBUTES,
    MOST_STUN_BYTES,
    OF_ADDRESS_AT_ONCE,
    OF_CALL_AT_ONCE,
    OF_STRANGERS_AT_ONCE,
    STUN_HEAD_BYTES,
    CallPackets,
    PacketLimits,
    is_short_stun,
)

RTP, OTHER = b"\x80" + bytes(20), b"\x16" + bytes(20)


def test_a_calls_sound_has_a_limit_below_that_of_all_its_packets() -> None:
    packets = CallPackets()
    read = sum(packets.may(RTP, 0.0) for _ in range(10_000))
    assert read == AUDIO_AT_ONCE
    assert sum(packets.may(OTHER, 0.0) for _ in range(10_000)) == OF_CALL_AT_ONCE - read
    assert packets.may(RTP, 1.0)


def test_an_address_cannot_use_up_what_all_strangers_share() -> None:
    limits = PacketLimits()
    assert sum(limits.stranger_may("a", 0.0) for _ in range(10_000)) == OF_ADDRESS_AT_ONCE
    assert limits.stranger_may("b", 0.0)
    addresses = [str(number) for number in range(10_000)]
    left = OF_STRANGERS_AT_ONCE - OF_ADDRESS_AT_ONCE - 1
    assert sum(limits.stranger_may(address, 0.0) for address in addresses) == left


@pytest.mark.parametrize(
    ("data", "short"),
    [
        (bytes(STUN_HEAD_BYTES), True),
        (bytes(STUN_HEAD_BYTES + 4 * MOST_STUN_ATTRIBUTES), True),
        (bytes(STUN_HEAD_BYTES + 4 * (MOST_STUN_ATTRIBUTES + 1)), False),
        (bytes(STUN_HEAD_BYTES) + b"\x00\x06\x00\x40" + bytes(64), True),
        (bytes(MOST_STUN_BYTES + 1), False),
    ],
)
def test_a_packet_of_stun_is_read_only_if_it_is_short(data: bytes, *, short: bool) -> None:
    assert is_short_stun(data) is short
