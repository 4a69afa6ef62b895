"""A client of `/v1/realtime`, as somebody would write it who has only OpenAI's reference."""

from __future__ import annotations

import asyncio
import base64
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any

import numpy as np
import soxr
import websockets

from tests.caller import Caller, buzz, silence

__all__ = ["BEARER", "RealtimeCaller", "at_24_khz", "buzz", "realtime", "session_of", "silence"]

BEARER = {"Authorization": "Bearer demo_token"}


def at_24_khz(pcm: bytes) -> bytes:
    """Return s16le mono 16 kHz as 24 kHz."""
    samples = soxr.resample(np.frombuffer(pcm, np.int16), 16_000, 24_000)
    return bytes(samples.astype(np.int16).tobytes())


class RealtimeCaller(Caller):
    """One connection, and everything it was told."""

    async def speak(self, pcm: bytes, chunk_ms: int = 40, *, as_json: bool = True) -> None:
        """Append *pcm* (16 kHz) at the pace of a microphone."""
        del as_json  # it always is
        sound, size, start = at_24_khz(pcm), 48 * chunk_ms, time.monotonic()
        for number, at in enumerate(range(0, len(sound), size)):
            await asyncio.sleep(max(0.0, start + (number + 1) * chunk_ms / 1000 - time.monotonic()))
            audio = base64.b64encode(sound[at : at + size]).decode()
            await self.send({"type": "input_audio_buffer.append", "audio": audio})

    async def type(self, text: str) -> None:
        """Put a message into the conversation, and ask for a response."""
        content = [{"type": "input_text", "text": text}]
        item = {"type": "message", "role": "user", "content": content}
        await self.send({"type": "conversation.item.create", "item": item})
        await self.send({"type": "response.create"})

    @property
    def answers(self) -> list[dict[str, Any]]:
        """The responses that are done."""
        return [message["response"] for message in self.told("response.done")]

    def audio(self, response: dict[str, Any]) -> bytes:
        """Return the sound of a response: s16le mono 24 kHz."""
        return b"".join(
            base64.b64decode(message["delta"])
            for message in self.told("response.output_audio.delta")
            if message["response_id"] == response["id"]
        )


@asynccontextmanager
async def realtime(
    url: str,
    query: str = "model=gpt-realtime",
    *,
    headers: dict[str, str] | None = None,
    subprotocols: Sequence[str] | None = None,
) -> AsyncIterator[RealtimeCaller]:
    """Yield a caller connected to `/v1/realtime`."""
    address = f"{url.replace('http', 'ws', 1)}/v1/realtime?{query}"
    offered = [websockets.Subprotocol(one) for one in subprotocols or ()] or None
    sent = BEARER if headers is None else headers
    async with websockets.connect(
        address, max_size=None, additional_headers=sent, subprotocols=offered
    ) as ws:
        caller = RealtimeCaller(ws)
        listening = asyncio.create_task(caller.listen())
        try:
            yield caller
        finally:
            listening.cancel()
            with suppress(asyncio.CancelledError):
                await listening


def session_of(caller: RealtimeCaller) -> str:
    """Return the id of the caller's session."""
    return str(caller.told("session.created")[0]["session"]["id"])
