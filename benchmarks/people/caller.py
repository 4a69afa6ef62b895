"""A caller in real time: a microphone that is always open, and all received messages with times."""

import asyncio
import base64
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

import aiohttp
import numpy as np
import numpy.typing as npt

from aura.cli.call import speech_end_ms
from edge.core.hearing.framing import FRAME_BYTES, SILENCE
from runtime.audio.conversion import read_wav

FRAME_S = 0.02
Samples = npt.NDArray[np.float32]


@dataclass(frozen=True)
class ReceivedMessage:
    """One message of the edge."""

    at: float
    """Time of its arrival, monotonic seconds."""
    fields: dict[str, Any]
    pcm: bytes
    """Its audio, s16le mono 16 kHz."""

    @property
    def kind(self) -> str:
        return str(self.fields["type"])

    @property
    def length_s(self) -> float:
        return len(self.pcm) / 32_000


class MicrophoneCaller:
    """One connection to `/ws/voice/continuous`."""

    def __init__(
        self,
        ws: aiohttp.ClientWebSocketResponse,
        ambience: Samples | None = None,
        heard: Callable[[ReceivedMessage], None] = lambda _: None,
    ) -> None:
        """Speak on *ws*; *ambience*, int16 values at 16 kHz, is repeated in the background.

        *heard* gets each message at once.
        """
        self.ws = ws
        self._heard = heard
        self.messages: list[ReceivedMessage] = []
        self._to_say: list[bytes] = []
        self._ambience = ambience
        self._began: float | None = None

    async def microphone(self) -> None:
        """Send 20 ms every 20 ms, each when its last sample is due."""
        start, sent = time.monotonic(), 0
        while not self.ws.closed:
            sent += 1
            await asyncio.sleep(max(0.0, start + sent * FRAME_S - time.monotonic()))
            if self._to_say and self._began is None:
                self._began = start + (sent - 1) * FRAME_S
            frame = self._to_say.pop(0) if self._to_say else SILENCE
            with suppress(ConnectionError):
                await self.ws.send_bytes(self._with_ambience(frame, sent))

    def _with_ambience(self, frame: bytes, number: int) -> bytes:
        if self._ambience is None:
            return frame
        frames = len(self._ambience) // 320
        at = number % frames * 320
        mixed = np.frombuffer(frame, "<i2") + self._ambience[at : at + 320]
        return np.clip(mixed, -32768, 32767).astype("<i2").tobytes()

    async def listen(self) -> None:
        async for message in self.ws:
            fields = json.loads(message.data)
            audio, now = fields.get("audio"), time.monotonic()
            pcm = read_wav(base64.b64decode(audio)) if audio else b""
            self.messages.append(ReceivedMessage(now, fields, pcm))
            self._heard(self.messages[-1])

    async def say(self, pcm: bytes) -> tuple[float, float]:
        """Begin to speak *pcm*; return the times at which it begins, and its speech ends."""
        self._began = None
        self._to_say = [
            pcm[at : at + FRAME_BYTES].ljust(FRAME_BYTES, b"\0")
            for at in range(0, len(pcm), FRAME_BYTES)
        ]
        while self._began is None:
            await asyncio.sleep(0.005)
        return self._began, self._began + speech_end_ms(pcm) / 1000

    async def wait_for(
        self, kind: str, timeout_s: float, since: float = 0.0
    ) -> ReceivedMessage | None:
        """Return the first message of *kind* after *since*; None: none came within *timeout_s*."""
        until = time.monotonic() + timeout_s
        while time.monotonic() < until:
            for message in self.messages:
                if message.kind == kind and message.at >= since:
                    return message
            await asyncio.sleep(0.01)
        return None

    def of(self, kind: str, since: float = 0.0) -> list[ReceivedMessage]:
        return [
            message for message in self.messages if message.kind == kind and message.at >= since
        ]

    def sounds(self, since: float = 0.0) -> list[ReceivedMessage]:
        return [message for message in self.messages if message.length_s and message.at >= since]

    def heard_until(self, at: float) -> float:
        """Return the time at which a client has played the audio that came before *at*."""
        until = 0.0
        for message in self.sounds():
            if message.at <= at:
                until = max(until, message.at) + message.length_s
        return until


@asynccontextmanager
async def calling(
    url: str,
    query: str = "",
    ambience: Samples | None = None,
    heard: Callable[[ReceivedMessage], None] = lambda _: None,
) -> AsyncIterator[MicrophoneCaller]:
    """Yield a caller whose microphone is open."""
    address = url.replace("http", "ws", 1) + f"/ws/voice/continuous?token=demo_token&{query}"
    async with aiohttp.ClientSession() as http, http.ws_connect(address, max_msg_size=0) as ws:
        caller = MicrophoneCaller(ws, ambience, heard)
        tasks = [asyncio.create_task(caller.microphone()), asyncio.create_task(caller.listen())]
        try:
            yield caller
        finally:
            for task in tasks:
                task.cancel()
