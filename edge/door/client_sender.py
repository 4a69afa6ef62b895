"""The messages on their way to a client; a slow client makes a bounded number of them wait."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import msgspec

from edge.door.channel import Channel
from edge.protocols.client_protocol import Json

MOST_WAITING_BYTES = 4_000_000
"""Limit of waiting messages, above which audio is dropped; at twice that the client must leave."""


class ClientSender:
    """Sends the messages one after the other."""

    def __init__(self, ws: Channel, too_slow: Callable[[], None]) -> None:
        """Send over *ws*; *too_slow* is called for a message that has no room."""
        self._ws = ws
        self._too_slow = too_slow
        self._waiting: asyncio.Queue[str | None] = asyncio.Queue()
        self._waiting_bytes = 0

    @property
    def full(self) -> bool:
        """True while there is room for control messages alone."""
        return self._waiting_bytes > MOST_WAITING_BYTES

    def put(self, message: Json) -> None:
        text = msgspec.json.encode(message).decode()
        self._waiting_bytes += len(text)
        if self._waiting_bytes > 2 * MOST_WAITING_BYTES:
            self._too_slow()
            return
        self._waiting.put_nowait(text)

    def close(self) -> None:
        """Let `run` end when all messages are sent."""
        self._waiting.put_nowait(None)

    async def run(self) -> None:
        while (text := await self._waiting.get()) is not None:
            await asyncio.sleep(0)  # messages to the bus of the same moment go first
            try:
                await self._ws.send_str(text)
            except ConnectionError:  # the client left: the reader notices too
                return
            finally:
                self._waiting_bytes -= len(text)
