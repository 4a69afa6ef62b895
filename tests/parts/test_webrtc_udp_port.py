"""Packets that come to the one UDP port: of calls, and of anybody."""

from __future__ import annotations

import random
import struct
from types import SimpleNamespace
from typing import Any

import pytest

from edge.door.limits.packet_limits import AUDIO_AT_ONCE, OF_ADDRESS_AT_ONCE, OF_CALL_AT_ONCE

pytest.importorskip("aiortc", reason="NOT TESTED HERE: the extra `webrtc` is not installed")
from aioice import stun  # it may be missing
from aioice.ice import Connection  # the same

from edge.door.webrtc.udp_port import MOST_CLIENTS, MOST_REQUESTS, _Socket  # the same

COOKIE = 0x2112A442
CLIENT = ("192.0.2.1", 5000)


def packet(kind: int, attributes: bytes = b"", name: bytes = b"0123456789ab") -> bytes:
    return struct.pack("!HHI", kind, len(attributes), COOKIE) + name + attributes


@pytest.fixture
def line() -> _Socket:
    made = _Socket("127.0.0.1", 1)
    transport: Any = SimpleNamespace(is_closing=lambda: False, sendto=lambda *_: None)
    made.connection_made(transport)
    return made


@pytest.fixture
async def call(line: _Socket) -> Connection:
    made = Connection(ice_controlling=False)
    line.add(made, 1)
    return made


def check(call: Connection, number: int = 0) -> bytes:
    """Return a check that shows the password of *call*."""
    message = stun.Message(
        message_method=stun.Method.BINDING,
        message_class=stun.Class.REQUEST,
        transaction_id=number.to_bytes(12, "big"),
    )
    message.attributes["USERNAME"] = f"{call.local_username}:abcd"
    message.add_message_integrity(call.local_password.encode())
    return bytes(message)


async def test_no_packet_however_malformed_is_a_fault(line: _Socket, call: Connection) -> None:
    dice, broke = random.Random(1), 0
    line.datagram_received(check(call), CLIENT)
    for _ in range(3000):
        parts = [
            struct.pack("!HH", dice.choice([1, 6, 8, 9, 0x20, 0x24, 0x25, 0x8028]), size)
            + dice.randbytes(dice.choice([size, size, 3]))
            for size in dice.sample([0, 2, 4, 8, 20], 2)
        ]
        data = packet(dice.choice([1, 0x101, 0x111, 3]), b"".join(parts))
        try:
            stun.parse_message(data)
        except ValueError:
            pass
        except Exception:  # noqa: BLE001  # what this test is about
            broke += 1
        for who in (CLIENT, (f"198.51.100.{dice.randrange(250)}", 1)):
            line.datagram_received(data, who)
    assert broke > 100


async def test_a_flood_of_an_address_is_not_looked_at(
    line: _Socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked = 0

    def parse(data: bytes) -> Any:
        nonlocal looked
        looked += 1
        raise ValueError(data)

    monkeypatch.setattr(stun, "parse_message", parse)
    for _ in range(5000):
        line.datagram_received(packet(1), CLIENT)
    assert OF_ADDRESS_AT_ONCE <= looked < 2 * OF_ADDRESS_AT_ONCE
    line.datagram_received(packet(1), ("192.0.2.2", 5000))
    assert looked < 2 * OF_ADDRESS_AT_ONCE + 1


async def test_a_call_has_packets_of_its_own_and_a_bound(
    line: _Socket, call: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    line.datagram_received(check(call), CLIENT)
    member = line._clients[CLIENT]
    arrived = 0

    def count(*_: object) -> None:
        nonlocal arrived
        arrived += 1

    monkeypatch.setattr(member.protocol, "datagram_received", count)
    for _ in range(1000):
        line.datagram_received(packet(1), ("192.0.2.66", 1))  # somebody else's flood
    for _ in range(20_000):
        line.datagram_received(b"\x80sound", CLIENT)
    assert AUDIO_AT_ONCE <= arrived < OF_CALL_AT_ONCE
    for _ in range(20_000):
        line.datagram_received(b"\x17message", CLIENT)
    assert OF_CALL_AT_ONCE - AUDIO_AT_ONCE < arrived < 20_000


async def test_a_packet_of_nothing_but_heads_is_not_read(
    line: _Socket, call: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    line.datagram_received(check(call), CLIENT)
    read: list[bytes] = []
    monkeypatch.setattr(stun, "parse_message", read.append)
    for who in (CLIENT, ("192.0.2.2", 5000)):
        line.datagram_received(packet(1, b"\x80\x22\0\0" * 17), who)
        line.datagram_received(packet(1, b"\x80\x22\x27\x10" + bytes(10_000)), who)
    assert not read


async def test_an_answer_is_of_the_call_that_asked_and_of_none_once_it_has_left(
    line: _Socket, call: Connection
) -> None:
    others = [Connection(ice_controlling=False) for _ in range(3)]
    for other in others:
        line.add(other, 1)
    member = line._names[call.local_username][0]
    for number in range(2 * MOST_REQUESTS):
        member.sendto(packet(1, name=number.to_bytes(12, "big")), CLIENT)
        member.sendto(packet(0x101, name=b"its own     "), CLIENT)  # no request
    assert len(line._requests) == MOST_REQUESTS
    latest = packet(0x101, name=(2 * MOST_REQUESTS - 1).to_bytes(12, "big"))
    assert line._member_of(latest, CLIENT) is member
    assert line._member_of(packet(0x101, name=b"nobody's    "), CLIENT) is None
    line.remove(member)
    assert line._member_of(latest, CLIENT) is None


async def test_a_call_is_known_by_so_many_addresses_and_by_none_once_it_has_left(
    line: _Socket, call: Connection
) -> None:
    for port in range(200):
        line.datagram_received(check(call, port), ("192.0.2.1", port + 1))
    assert len(line._clients) == MOST_CLIENTS
    assert ("192.0.2.1", 200) in line._clients
    line.remove(next(iter(line._clients.values())))
    assert not line._clients
