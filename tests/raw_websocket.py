"""WebSocket frames written by hand, for what no client library would send."""

from __future__ import annotations

import asyncio
import base64
import os
import struct
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from urllib.parse import urlsplit

from websockets.utils import apply_mask

CONT, TEXT, BINARY, CLOSE, PING, PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA


def frame(
    opcode: int,
    payload: bytes = b"",
    *,
    fin: bool = True,
    rsv: int = 0,
    masked: bool = True,
    length: int | None = None,
    wide: int = 0,
) -> bytes:
    """Return one frame; *length* may lie about the payload, *wide* (2 or 8) spells it too wide."""
    said = len(payload) if length is None else length
    head = bytes([(fin << 7) | (rsv << 4) | opcode])
    mask_bit = 0x80 if masked else 0
    if wide == 8 or said > 0xFFFF:
        head += bytes([mask_bit | 127]) + struct.pack(">Q", said)
    elif wide == 2 or said > 125:
        head += bytes([mask_bit | 126]) + struct.pack(">H", said)
    else:
        head += bytes([mask_bit | said])
    if not masked:
        return head + payload
    key = os.urandom(4)
    return head + key + apply_mask(payload, key)


class RawSocket:
    """An upgraded connection, byte by byte."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def send(self, data: bytes) -> None:
        self._writer.write(data)
        await self._writer.drain()

    async def send_slowly(self, data: bytes) -> None:
        """Send *data* in pieces of one byte, each a write of its own."""
        for k in range(len(data)):
            await self.send(data[k : k + 1])
            await asyncio.sleep(0)

    async def receive(self) -> tuple[int, bytes] | None:
        """Return the next frame's opcode and payload; None at the end."""
        try:
            first, second = await self._reader.readexactly(2)
            length = second & 0x7F
            if length == 126:
                (length,) = struct.unpack(">H", await self._reader.readexactly(2))
            elif length == 127:
                (length,) = struct.unpack(">Q", await self._reader.readexactly(8))
            return first & 0x0F, await self._reader.readexactly(length)
        except (asyncio.IncompleteReadError, ConnectionError):
            return None

    async def close_code(self) -> int | None:
        """Read to the end and return the code it was closed with; None: without one."""
        code = None
        while (got := await self.receive()) is not None:
            if got[0] == CLOSE:
                code = struct.unpack(">H", got[1][:2])[0] if len(got[1]) >= 2 else 1005
        return code


def upgrade(url: str, path: str, headers: Mapping[str, str]) -> bytes:
    """Return the request of a WebSocket's handshake."""
    lines = [
        f"GET {path} HTTP/1.1",
        f"Host: {urlsplit(url).netloc}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        f"Sec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}",
        "Sec-WebSocket-Version: 13",
        *(f"{name}: {value}" for name, value in headers.items()),
        "\r\n",
    ]
    return "\r\n".join(lines).encode()


@asynccontextmanager
async def upgraded(
    url: str, path: str, headers: dict[str, str] | None = None
) -> AsyncIterator[RawSocket]:
    """Yield a connection to *path* after the handshake."""
    where = urlsplit(url)
    reader, writer = await asyncio.open_connection(where.hostname, where.port)
    writer.write(upgrade(url, path, headers or {}))
    head = await reader.readuntil(b"\r\n\r\n")
    assert b" 101 " in head.split(b"\r\n")[0], head
    try:
        yield RawSocket(reader, writer)
    finally:
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()  # else a test that stops its Aura next is waited for
