"""What keeping the sound of calls costs: the same calls with and without it, in turn, on one Aura.

The CPU is user and system time of the edge and of the nats-server, as the system counts it. The
engines are simulated and cost nothing: with real ones the share is smaller.
"""

from __future__ import annotations

import asyncio
import statistics
import time
from typing import Any

import aiohttp
import psutil

from benchmarks import aura_server
from benchmarks.recordings import buzz
from benchmarks.soak import processes
from benchmarks.soak.trials import SIMULATED

CALLS, SECONDS, ROUNDS = 20, 20.0, 6
PATH = "/ws/voice/continuous?token=demo_token&greeting=0&audio=chunks"
ROLES = ("edge", "nats-server")
QUESTION = buzz(900)


async def _caller(http: aiohttp.ClientSession, url: str, delay_s: float) -> None:
    await asyncio.sleep(delay_s)
    async with http.ws_connect(url, max_msg_size=0) as ws:

        async def listen() -> None:
            async for _ in ws:
                pass

        listening = asyncio.create_task(listen())
        start, sent = time.monotonic(), 0
        speech = QUESTION + bytes(32 * 4100)
        while time.monotonic() < start + SECONDS:
            at = sent * 640 % len(speech)
            await ws.send_bytes(speech[at : at + 640])
            sent += 1
            await asyncio.sleep(max(0.0, start + sent * 0.02 - time.monotonic()))
        await ws.send_str('{"type": "end_call"}')
        await listening


async def _round(url: str, *, keep: bool) -> None:
    address = url.replace("http", "ws", 1) + PATH + ("&record=1" if keep else "")
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as http:
        await asyncio.gather(*(_caller(http, address, k * 5.0 / CALLS) for k in range(CALLS)))


def measure() -> dict[str, Any]:
    """Return the CPU of CALLS calls, ms a call and second, without and with their sound kept."""
    spent: dict[bool, list[dict[str, float]]] = {False: [], True: []}
    with aura_server.running(**{**SIMULATED, "AURA_OVERLOAD_WAIT_MS": "0"}) as (url, process):
        watched = {role: processes.of(process.pid)[role][0] for role in ROLES}
        asyncio.run(_round(url, keep=True))  # a warm-up
        for number in range(ROUNDS):
            for keep in (number % 2 == 0, number % 2 == 1):
                before = {role: _cpu_s(one) for role, one in watched.items()}
                asyncio.run(_round(url, keep=keep))
                used = {role: _cpu_s(one) - before[role] for role, one in watched.items()}
                spent[keep].append({r: 1000 * s / (CALLS * SECONDS) for r, s in used.items()})
                print(f"  {'with' if keep else 'without'}: {spent[keep][-1]}", flush=True)
    medians = {
        name: {role: round(statistics.median(one[role] for one in of), 3) for role in ROLES}
        for name, of in (("without", spent[False]), ("with", spent[True]))
    }
    more_ms = sum(medians["with"].values()) - sum(medians["without"].values())
    more = more_ms / sum(medians["without"].values())
    print(f"  keeping the sound costs {100 * more:+.1f} %, {more_ms:.2f} ms a second: {medians}")
    return {
        "calls": CALLS,
        "seconds": SECONDS,
        "rounds": ROUNDS,
        "more": round(more, 4),
        "more_ms_a_call_second": round(more_ms, 3),
        **medians,
    }


def _cpu_s(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


if __name__ == "__main__":
    measure()
