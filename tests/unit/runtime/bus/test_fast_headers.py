"""Headers parsed quickly are the headers that nats-py parses."""

from __future__ import annotations

import pytest
from nats.aio.client import Client

from runtime.bus.fast_headers import parsed, quickly


@pytest.mark.parametrize(
    "raw",
    [
        b"Nats-Msg-Id: s_1.turn.taken.1\r\nAura-Type: turn.taken\r\nNats-Sequence: 7\r\n\r\n",
        b"Status: 204\r\nDescription: EOB\r\nNats-Num-Pending: 0\r\n\r\n",
        b"Nats-Time-Stamp: 2026-11-21T10:10:10.1Z\r\nNo-Blank:value\r\nempty:\r\nno line\r\n",
        "Name: Zoë\r\n".encode(),
        b"",
    ],
)
def test_they_are_the_same(raw: bytes) -> None:
    assert parsed(raw) == Client._parse_header_lines(raw)


def test_the_client_is_restored_afterwards() -> None:
    nc = Client()
    with quickly(nc):
        assert nc._parse_header_lines is parsed
    assert nc._parse_header_lines is Client._parse_header_lines


def test_the_last_of_several_reads_restores_the_client() -> None:
    nc = Client()
    first, second = quickly(nc), quickly(nc)
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert nc._parse_header_lines is parsed
    second.__exit__(None, None, None)
    assert nc._parse_header_lines is Client._parse_header_lines
