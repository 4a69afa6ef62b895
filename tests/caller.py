"""Clients of both protocols, as somebody would write them who has only the two documents."""

from __future__ import annotations

import asyncio
import base64
import io
import json
import time
import wave
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import websockets

from benchmarks.recordings import buzz

__all__ = ["DEMO", "VOICE_MS", "Caller", "buzz", "calling", "pcm_of", "silence", "wav"]

VOICE_MS = 900


def silence(ms: int) -> bytes:
    return bytes(32 * ms)


def wav(pcm: bytes, rate: int = 16000) -> bytes:
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(pcm)
    return out.getvalue()


def pcm_of(message: dict[str, Any]) -> bytes:
    data = message.get("audio") or message.get("audio_data") or ""
    if not data:
        return b""
    with wave.open(io.BytesIO(base64.b64decode(data))) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (16000, 1, 2)
        pcm: bytes = file.readframes(file.getnframes())
    return pcm


class Caller:
    """One connection, and everything it was told."""

    def __init__(self, ws: websockets.ClientConnection) -> None:
        self.ws = ws
        self.messages: list[dict[str, Any]] = []
        self.at: list[float] = []

    @property
    def close_code(self) -> int | None:
        return self.ws.close_code

    async def listen(self) -> None:
        with suppress(websockets.ConnectionClosed):
            async for message in self.ws:
                self.messages.append(json.loads(message))
                self.at.append(time.monotonic())

    async def speak(self, pcm: bytes, chunk_ms: int = 20, *, as_json: bool = False) -> None:
        """Send *pcm* at the pace of a microphone."""
        size, start = 32 * chunk_ms, time.monotonic()
        for number, at in enumerate(range(0, len(pcm), size)):
            await asyncio.sleep(max(0.0, start + (number + 1) * chunk_ms / 1000 - time.monotonic()))
            chunk = pcm[at : at + size]
            if as_json:
                audio = base64.b64encode(wav(chunk)).decode()
                await self.send({"type": "audio_chunk", "audio_data": audio})
            else:
                await self.ws.send(chunk)

    async def send(self, message: Any) -> None:
        await self.ws.send(json.dumps(message))

    def told(self, kind: str) -> list[dict[str, Any]]:
        return [message for message in self.messages if message["type"] == kind]

    async def until(self, kind: str, count: int = 1, seconds: float = 40) -> dict[str, Any]:
        """Wait for the *count*-th message of *kind* and return it."""
        try:
            async with asyncio.timeout(seconds):
                while len(self.told(kind)) < count:
                    await asyncio.sleep(0.01)
        except TimeoutError:
            kinds = [message["type"] for message in self.messages]
            raise AssertionError(f"no {kind} number {count}; told {kinds}") from None
        return self.told(kind)[count - 1]


@asynccontextmanager
async def heard(ws: websockets.ClientConnection) -> AsyncIterator[Caller]:
    """Yield the caller of *ws*, who hears all up to the close of *ws* at the end."""
    caller = Caller(ws)
    listening = asyncio.create_task(caller.listen())
    try:
        yield caller
    finally:
        await ws.close()
        await listening


@asynccontextmanager
async def calling(url: str, path: str) -> AsyncIterator[Caller]:
    """Yield a caller connected to *path*."""
    address = url.replace("http", "ws", 1) + path
    async with websockets.connect(address, max_size=None) as ws:
        caller = Caller(ws)
        listening = asyncio.create_task(caller.listen())
        try:
            yield caller
        finally:
            listening.cancel()
            with suppress(asyncio.CancelledError):
                await listening


DEMO = "/ws/voice/continuous?token=demo_token"
