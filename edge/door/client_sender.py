"""A client's messages on their way to it; what waits for a slow reader is bounded."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import msgspec
from aiohttp import web

from edge.protocols.client_protocol import Json

MOST_WAITING_BYTES = 4_000_000
"""What waits for a slow reader at most; then its audio is dropped, and at twice that it leaves."""


class ClientSender:
    """Sends one message after the other, in their order."""

    def __init__(self, ws: web.WebSocketResponse, too_slow: Callable[[], None]) -> None:
        """Take the client's socket; *too_slow* is called for a message that has no room."""
        self._ws = ws
        self._too_slow = too_slow
        self._waiting: asyncio.Queue[str | None] = asyncio.Queue()
        self._waiting_bytes = 0

    @property
    def full(self) -> bool:
        """There is room for control messages only."""
        return self._waiting_bytes > MOST_WAITING_BYTES

    def put(self, message: Json) -> None:
        text = msgspec.json.encode(message).decode()
        self._waiting_bytes += len(text)
        if self._waiting_bytes > 2 * MOST_WAITING_BYTES:
            self._too_slow()
            return
        self._waiting.put_nowait(text)

    def close(self) -> None:
        """Let `run` end when all is sent."""
        self._waiting.put_nowait(None)

    async def run(self) -> None:
        while (text := await self._waiting.get()) is not None:
            await asyncio.sleep(0)  # what goes to the bus at the same moment goes first
            try:
                await self._ws.send_str(text)
            except ConnectionError:  # it left: the reader notices too
                return
            finally:
                self._waiting_bytes -= len(text)
