"""The CPU cost of recording audio, as a share of the cost of a call.

It is less than the noise between two runs on a busy machine, so it is measured alone: many seconds
of audio go through the edge's recorder into a real nats-server. The CPU time (user and system) of
both, less that of the same loop without a recorder, is divided by the seconds. The cost of a call
is that of all processes of Aura, with the real engines and with simulated ones.
"""

import asyncio
import time
from typing import Any

import aiohttp
import psutil

from benchmarks import aura_server
from benchmarks.bus_server import bus_server, server_of
from benchmarks.recordings import buzz, spoken
from benchmarks.soak import processes
from benchmarks.soak.trial import SIMULATED
from deploy.provision import provision
from edge.call.quotas import RecordingQuotas
from edge.call.recording_writer import RecordingWriter
from edge.core.messages.client_events import Speech
from runtime.bus.connection import connect
from runtime.settings import load
from schemas.audio import BYTES_PER_MS

CALLS, SECONDS = 20, 20.0
KEPT_CALLS, KEPT_S, TIMES = 20, 120, 3
ANSWER_EVERY_MS, ANSWER_MS, CHUNK_MS = 10_000, 3_000, 64
PATH = "/ws/voice/continuous?token=demo_token&greeting=0&audio=chunks"
ROLES = ("edge", "nats-server")


async def _caller(http: aiohttp.ClientSession, url: str, question: bytes, delay_s: float) -> None:
    await asyncio.sleep(delay_s)
    async with http.ws_connect(url, max_msg_size=0) as ws:

        async def listen() -> None:
            async for _ in ws:
                pass

        listening = asyncio.create_task(listen())
        start, sent = time.monotonic(), 0
        speech = question.ljust(BYTES_PER_MS * 10_000, b"\0")
        while time.monotonic() < start + SECONDS:
            at = sent * 640 % len(speech)
            await ws.send_bytes(speech[at : at + 640])
            sent += 1
            await asyncio.sleep(max(0.0, start + sent * 0.02 - time.monotonic()))
        await ws.send_str('{"type": "end_call"}')
        await listening


async def _calls(url: str, question: bytes, calls: int) -> None:
    address = url.replace("http", "ws", 1) + PATH
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as http:
        await asyncio.gather(
            *(_caller(http, address, question, k * 10.0 / calls) for k in range(calls))
        )


def whole(question: bytes, calls: int, **engines: str) -> dict[str, float]:
    """Return the CPU of every process, ms a second of call, without recording."""
    with aura_server.running(**{**engines, "AURA_OVERLOAD_WAIT_MS": "0"}) as (url, process):
        watched = {role: of[0] for role, of in processes.of(process.pid).items()}
        asyncio.run(_calls(url, question, calls))  # a warm-up
        before = {role: _cpu_s(process) for role, process in watched.items()}
        asyncio.run(_calls(url, question, calls))
        spent = {role: _cpu_s(process) - before[role] for role, process in watched.items()}
    return {role: round(1000 * s / (calls * SECONDS), 3) for role, s in spent.items()}


def _not(*_: object) -> None:
    """Record nothing."""


async def _keep(nats_url: str, *, keep: bool = True) -> None:
    """Process KEPT_CALLS calls of KEPT_S seconds without pauses; *keep*: record both sides."""
    bus = await connect(load(nats_url=nats_url), "bench")
    await provision(bus)
    frame, chunk = bytes(640), Speech(1, "", bytes(BYTES_PER_MS * CHUNK_MS), ends=False)
    for number in range(KEPT_CALLS):
        recording = RecordingWriter(
            bus, "bench", f"s_{number}", RecordingQuotas(10_000).of("bench")
        )
        note_received = recording.note_received if keep else _not
        note_sent = recording.note_sent if keep else _not
        storing = asyncio.ensure_future(recording.run())
        next_chunk_ms = 0
        for at_ms in range(0, KEPT_S * 1000, 20):
            note_received(frame, at_ms)
            if at_ms % ANSWER_EVERY_MS < ANSWER_MS and at_ms >= next_chunk_ms:
                note_sent(chunk, at_ms)
                next_chunk_ms = at_ms + CHUNK_MS
            if at_ms % 1000 == 0:
                await asyncio.sleep(0.001)
        recording.finish(KEPT_S * 1000)
        await storing
    await bus.close()


def alone() -> dict[str, float]:
    """Return the CPU of recording in edge and nats-server, ms a second of call."""
    with bus_server() as env:
        own, server = psutil.Process(), server_of(env)
        asyncio.run(_keep(env["NATS_URL"]))  # a warm-up
        spent = [0.0, 0.0]
        for keep, sign in ((True, 1), (False, -1)) * TIMES:
            before = _cpu_s(own), _cpu_s(server)
            asyncio.run(_keep(env["NATS_URL"], keep=keep))
            spent = [
                sum_s + sign * (_cpu_s(process) - before_s)
                for sum_s, process, before_s in zip(spent, (own, server), before, strict=True)
            ]
    seconds = KEPT_CALLS * KEPT_S * TIMES
    return {role: round(1000 * s / seconds, 3) for role, s in zip(ROLES, spent, strict=True)}


def measure() -> dict[str, Any]:
    """Return the CPU of a call and that of recording it, ms a second of call."""
    kept, simulated = alone(), whole(buzz(900), CALLS, **SIMULATED)
    real = whole(next(iter(spoken().values())), 1)
    more = sum(kept.values())
    shares = {
        "share": round(more / sum(real.values()), 4),
        "share_simulated": round(more / sum(simulated.values()), 4),
    }
    print(
        f"  keeping the sound: {kept}; a call: {real}, simulated {simulated}; {shares}", flush=True
    )
    return {"kept_ms": kept, "call_ms": real, "simulated_call_ms": simulated, **shares}


def _cpu_s(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


if __name__ == "__main__":
    measure()
