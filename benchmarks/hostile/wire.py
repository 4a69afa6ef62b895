"""A minimal WebSocket client: it sends raw bytes, and counts how the server closes."""

from __future__ import annotations

import asyncio
import base64
import os
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit

SLICE = 1 << 18
"""The most bytes written to a socket at once, since more would only wait in memory."""


@dataclass
class WireTally:
    """Counts of sent messages, and of the server's reactions."""

    opened: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    """Failed handshakes, by status or error."""
    closed: Counter[str] = field(default_factory=Counter)
    """Connections that the server ended, by close code."""
    messages: int = 0
    """Of the fuzz."""
    answered: int = 0
    """Messages of the server."""


class HandshakeRefusedError(Exception):
    """The handshake did not open a WebSocket; the message says how it ended."""


@dataclass
class Socket:
    """One open WebSocket."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    tally: WireTally
    close_code: int | None = None

    @staticmethod
    async def open(url: str, path: str, address: str, tally: WireTally, key: str = "") -> Socket:
        """Open *path* at *url* as a trusted proxy of *address*, with the token *key*, if any.

        Raises:
            HandshakeRefusedError: the server refuses.
            OSError: it cannot be reached.
        """
        to = urlsplit(url)
        reader, writer = await asyncio.open_connection(to.hostname, to.port)
        nonce = base64.b64encode(os.urandom(16)).decode()
        shown = f"Authorization: Bearer {key}\r\n" if key else ""
        writer.write(
            f"GET {path} HTTP/1.1\r\nHost: {to.netloc}\r\nUpgrade: websocket\r\n"
            f"Connection: Upgrade\r\nSec-WebSocket-Key: {nonce}\r\nSec-WebSocket-Version: 13\r\n"
            f"{shown}X-Forwarded-For: {address}\r\n\r\n".encode()
        )
        try:
            async with asyncio.timeout(10):
                head = await reader.readuntil(b"\r\n\r\n")
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, TimeoutError) as error:
            writer.close()
            raise HandshakeRefusedError(type(error).__name__) from error
        status = head.split(b" ", 2)[1].decode()
        if status != "101":
            writer.close()
            raise HandshakeRefusedError(status)
        tally.opened += 1
        return Socket(reader, writer, tally)

    async def listen(self) -> None:
        """Read until the server closes; count its messages."""
        with suppress(asyncio.IncompleteReadError, OSError):
            while True:
                first, second = await self.reader.readexactly(2)
                size = second & 0x7F
                if size >= 126:
                    size = int.from_bytes(await self.reader.readexactly(2 if size == 126 else 8))
                payload = await self.reader.readexactly(size)
                if first & 0xF == 0x8:
                    self.close_code = int.from_bytes(payload[:2]) if payload else 1005
                    break
                self.tally.answered += 1
        self.tally.closed[str(self.close_code or "cut off")] += 1
        self.writer.close()

    async def send(self, data: bytes) -> None:
        """Send *data* in slices, each once the one before was read.

        Raises:
            OSError: the server is gone.
        """
        for at in range(0, len(data), SLICE):
            if self.writer.is_closing():
                raise ConnectionResetError
            self.writer.write(data[at : at + SLICE])
            await self.writer.drain()
