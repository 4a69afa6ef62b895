"""A caller of tools: types, and reconnects after a lost connection."""

import asyncio
import itertools
import json
from contextlib import suppress

import aiohttp

PATH = "/ws/voice/continuous?token=demo_token&greeting=0&audio=chunks"


class ToolCaller:
    """A caller who types, and reconnects after a lost connection."""

    def __init__(self, http: aiohttp.ClientSession, urls: list[str], number: int) -> None:
        self.session = ""
        self.tags: set[str] = set()
        """Tags of answered questions."""
        self._http = http
        self._urls = urls
        self._at = itertools.count(number)
        self._ws: aiohttp.ClientWebSocketResponse | None = None

    async def connect(self) -> None:
        """Connect to any edge that answers, with the session that is known."""
        async with asyncio.timeout(60):
            while True:
                url = self._urls[next(self._at) % len(self._urls)] + PATH
                url += f"&session={self.session}" if self.session else ""
                with suppress(aiohttp.ClientError, OSError, TimeoutError, TypeError):
                    self._ws = await self._http.ws_connect(url, max_msg_size=0)
                    message = await self._ws.receive_json(timeout=10)
                    if message["type"] == "session":
                        self.session = message["session"]
                        return
                await asyncio.sleep(0.2)

    async def asks(self, text: str) -> None:
        assert self._ws
        with suppress(ConnectionError):
            await self._ws.send_json({"type": "text", "text": text})

    async def answer(self, within_s: float) -> str | None:
        """Return the next whole response; None: none came, or the connection was lost."""
        assert self._ws
        with suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                async for message in self._ws:
                    fields = json.loads(message.data)
                    if fields["type"] == "ai_complete":
                        return str(fields["full_response"])
        return None

    @property
    def cut_off(self) -> bool:
        return self._ws is None or self._ws.closed

    async def leave(self) -> None:
        if self._ws:
            await self._ws.close()
