"""`/v1/realtime` beside the continuous protocol, in one run: CPU of the edge a call, and waits.

    python -m benchmarks realtime        # 100 calls; a number after it: as many

Each caller sends 40 ms of audio every 40 ms, and has a turn every ten seconds with a response of
two seconds, on one edge with simulated engines. The protocols differ only in resampling and base64.
They are measured in turns and compared in pairs, so that other load affects both.
"""

import asyncio
import base64
import json
import random
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import numpy as np
import psutil
import soxr
import uvloop

from benchmarks import aura_server
from benchmarks.latency import machine
from benchmarks.recordings import buzz
from benchmarks.results import save
from benchmarks.soak import processes
from benchmarks.soak.trial import SIMULATED

CALLS = 100
PAIRS = 2
SECONDS, TURN_EVERY_S = 20.0, 10.0
FRAME_S = 0.04
ENGINES = {"AURA_SIM_TTS_AUDIO_MS": "2000", "AURA_OVERLOAD_WAIT_MS": "0"}
QUESTION = buzz(900)


@dataclass(frozen=True)
class Door:
    """One client protocol."""

    name: str
    path: str
    rate_hz: int
    sends: Callable[[bytes], str | bytes]
    sound: str
    """The type of its messages with audio."""


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
class RealtimeCounts:
    """The counts of all callers."""

    waits_ms: list[float] = field(default_factory=list)
    lost: int = 0
    errors: int = 0


def frames(pcm: bytes, rate_hz: int) -> list[bytes]:
    """Return *pcm* (16 kHz) in frames of *rate_hz*."""
    samples = soxr.resample(np.frombuffer(pcm, np.int16), 16_000, rate_hz).astype(np.int16)
    data, size = samples.tobytes(), int(2 * rate_hz * FRAME_S)
    return [data[at : at + size].ljust(size, b"\0") for at in range(0, len(data), size)]


async def caller(
    http: aiohttp.ClientSession, url: str, door: Door, delay_s: float, seen: RealtimeCounts
) -> None:
    """Hold one call for the length of the measurement."""
    await asyncio.sleep(delay_s)
    dice = random.Random(delay_s)  # the same for both protocols
    quiet = door.sends(bytes(int(2 * door.rate_hz * FRAME_S)))
    first_at: list[float] = []
    bearer = {"Authorization": "Bearer demo_token"}
    async with http.ws_connect(url + door.path, max_msg_size=0, headers=bearer) as ws:
        listening = asyncio.create_task(_listen(ws, door, first_at, seen))
        start, sent = time.monotonic(), 0

        async def send(frame: str | bytes) -> None:
            nonlocal sent
            await (ws.send_str(frame) if isinstance(frame, str) else ws.send_bytes(frame))
            sent += 1
            await asyncio.sleep(max(0.0, start + sent * FRAME_S - time.monotonic()))

        while (began := time.monotonic()) < start + SECONDS:
            first_at.clear()
            # speech ends at any place in a frame
            before = bytes(32 * dice.randrange(int(1000 * FRAME_S)))
            ended = start + sent * FRAME_S + (len(before) + len(QUESTION)) / 32_000
            for piece in frames(before + QUESTION, door.rate_hz):
                await send(door.sends(piece))
            while time.monotonic() < began + TURN_EVERY_S:
                await send(quiet)
            if first_at:
                seen.waits_ms.append((first_at[0] - ended) * 1000)
            else:
                seen.lost += 1
        listening.cancel()


async def _listen(
    ws: aiohttp.ClientWebSocketResponse, door: Door, first_at: list[float], seen: RealtimeCounts
) -> None:
    """Note the time of the first sound in *first_at* while it is empty, and count errors."""
    async for message in ws:
        if f'"{door.sound}"' in message.data[:60] and not first_at:
            first_at.append(time.monotonic())
        elif '"type":"error"' in message.data[:200]:
            seen.errors += 1


async def measure(url: str, edge: psutil.Process, door: Door, calls: int) -> dict[str, Any]:
    """Return the cost and the waits of *calls* over *door*."""
    seen = RealtimeCounts()
    before, began = sum(edge.cpu_times()[:2]), time.monotonic()
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as http:
        step_s = TURN_EVERY_S / calls
        await asyncio.gather(*(caller(http, url, door, k * step_s, seen) for k in range(calls)))
    took_s = time.monotonic() - began
    cpu_s = sum(edge.cpu_times()[:2]) - before
    waits = sorted(seen.waits_ms)
    return {
        "door": door.name,
        "calls": calls,
        "turns": len(waits),
        "wait_p50_ms": round(statistics.median(waits), 1),
        "wait_p95_ms": round(waits[int(0.95 * (len(waits) - 1))], 1),
        "lost": seen.lost,
        "errors": seen.errors,
        "edge_cpu": round(cpu_s / took_s, 3),
        "edge_cpu_ms_a_call_second": round(1000 * cpu_s / (calls * SECONDS), 2),
        "edge_rss_mib": round(edge.memory_info().rss / 2**20),
    }


def main() -> None:
    """Measure and write results/realtime.json."""
    calls = int(sys.argv[-1]) if sys.argv[-1].isdecimal() else CALLS
    rows: list[dict[str, Any]] = []
    with aura_server.running(**{**SIMULATED, **ENGINES}) as (url, process):
        edge = processes.of(process.pid)["edge"][0]
        for number in range(PAIRS):
            doors = (CONTINUOUS, REALTIME) if number % 2 == 0 else (REALTIME, CONTINUOUS)
            for door in doors:
                rows.append(uvloop.run(measure(url, edge, door, calls)))
                print(json.dumps(rows[-1]), flush=True)
    pairs = [
        sorted(rows[at : at + 2], key=lambda row: row["door"]) for at in range(0, len(rows), 2)
    ]
    ratios = [b["edge_cpu_ms_a_call_second"] / a["edge_cpu_ms_a_call_second"] for a, b in pairs]
    later_ms = [round(b["wait_p50_ms"] - a["wait_p50_ms"], 1) for a, b in pairs]
    shown = ", ".join(f"{ratio:.2f}" for ratio in ratios)
    print(f"Realtime: {shown} times the CPU a call, first audio {later_ms} ms later")
    if calls == CALLS:
        ratio = round(statistics.mean(ratios), 2)
        save("realtime", machine=machine(), rows=rows, cpu_ratio=ratio, first_audio_ms=later_ms)


if __name__ == "__main__":
    main()
