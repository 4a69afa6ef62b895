"""Calls to simulated engines: an open microphone, and a turn every ten seconds, for 20 seconds."""

import asyncio
import base64
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import aiohttp
import numpy as np
import soxr

from benchmarks.recordings import buzz
from benchmarks.soak.trial import SIMULATED

SECONDS, TURN_EVERY_S = 20.0, 10.0
ENGINES = {**SIMULATED, "AURA_SIM_TTS_AUDIO_MS": "2000"}
QUESTION = buzz(900)
LATE_S = 0.02
"""A piece of a response that comes so much after the end of the one before is late."""


@dataclass(frozen=True)
class Door:
    """One client protocol, and how its client sends sound."""

    name: str
    path: str
    rate_hz: int
    sends: Callable[[bytes], str | bytes]
    sound: str
    """The type of its messages with audio."""
    frame_s: float = 0.04


def appended(pcm: bytes) -> str:
    audio = base64.b64encode(pcm).decode()
    return f'{{"type":"input_audio_buffer.append","audio":"{audio}"}}'


CONTINUOUS = Door(
    "continuous",
    "/ws/voice/continuous?token=demo_token&greeting=0&audio=chunks",
    16_000,
    bytes,
    "ai_audio_chunk",
)
REALTIME = Door("realtime", "/v1/realtime", 24_000, appended, "response.output_audio.delta")


@dataclass
class CallCounts:
    """The counts of all callers."""

    waits_ms: list[float] = field(default_factory=list)
    """End of speech to first audio, sorted."""
    lost: int = 0
    """Turns without a response."""
    late: int = 0
    """Pieces of responses that came too late for playback."""
    errors: int = 0


async def hold(url: str, door: Door, calls: int, question: bytes = QUESTION) -> CallCounts:
    """Hold *calls* whose callers ask *question* (s16le mono 16 kHz), not all at once."""
    seen = CallCounts()
    async with (
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as http,
        asyncio.TaskGroup() as tasks,
    ):
        for number in range(calls):
            delay_s = number * TURN_EVERY_S / calls
            tasks.create_task(_caller(http, url, door, question, delay_s, seen))
    seen.waits_ms.sort()
    return seen


def frames(pcm: bytes, door: Door) -> list[bytes]:
    """Return *pcm* (16 kHz) in frames of *door*."""
    samples = soxr.resample(np.frombuffer(pcm, np.int16), 16_000, door.rate_hz).astype(np.int16)
    data, size = samples.tobytes(), int(2 * door.rate_hz * door.frame_s)
    return [data[at : at + size].ljust(size, b"\0") for at in range(0, len(data), size)]


async def _caller(
    http: aiohttp.ClientSession,
    url: str,
    door: Door,
    question: bytes,
    delay_s: float,
    seen: CallCounts,
) -> None:
    """Hold one call for the length of the measurement."""
    await asyncio.sleep(delay_s)
    dice = random.Random(delay_s)  # the same for all doors
    quiet = door.sends(bytes(int(2 * door.rate_hz * door.frame_s)))
    first_at: list[float] = []
    bearer = {"Authorization": "Bearer demo_token"}
    async with http.ws_connect(url + door.path, max_msg_size=0, headers=bearer) as ws:
        listening = asyncio.create_task(_listen(ws, door, first_at, seen))
        start, sent = time.monotonic(), 0

        async def send(frame: str | bytes) -> None:
            nonlocal sent
            await (ws.send_str(frame) if isinstance(frame, str) else ws.send_bytes(frame))
            sent += 1
            await asyncio.sleep(max(0.0, start + sent * door.frame_s - time.monotonic()))

        while (began := time.monotonic()) < start + SECONDS:
            first_at.clear()
            # speech ends at any place in a frame
            before = bytes(32 * dice.randrange(int(1000 * door.frame_s)))
            ended = start + sent * door.frame_s + (len(before) + len(question)) / 32_000
            for piece in frames(before + question, door):
                await send(door.sends(piece))
            while time.monotonic() < began + TURN_EVERY_S:
                await send(quiet)
            if first_at:
                seen.waits_ms.append((first_at[0] - ended) * 1000)
            else:
                seen.lost += 1
        listening.cancel()


async def _listen(
    ws: aiohttp.ClientWebSocketResponse, door: Door, first_at: list[float], seen: CallCounts
) -> None:
    """Note the time of a response's first sound in *first_at*; count late sound and errors."""
    due_at = 0.0
    async for message in ws:
        if f'"{door.sound}"' in message.data[:60]:
            now = time.monotonic()
            if not first_at:
                first_at.append(now)
                due_at = now
            seen.late += now > due_at + LATE_S
            due_at += (len(message.data) - 150) * 3 / 4 / (2 * door.rate_hz)
        elif '"type":"error"' in message.data[:200]:
            seen.errors += 1
