"""The number of calls that an edge process holds: simulated engines, microphones always open.

Each caller sends a frame every 20 ms and has a turn every ten seconds. A number of calls is held
if the 95th percentile of their waits is within 100 ms of that of a lone caller, nothing is lost and
no audio of a response comes late for playback.

Two more costs are measured beside it: a call in which nobody speaks, and the lower bound, a process
that does only what every edge must do (`benchmarks.lower_bound`).
"""

import asyncio
import statistics
import time
from dataclasses import replace
from typing import Any

import aiohttp
import psutil
import uvloop

from benchmarks import aura_server, lower_bound
from benchmarks.latency import machine
from benchmarks.results import save
from benchmarks.simulated_calls import CONTINUOUS, ENGINES, QUESTION, SECONDS, hold
from benchmarks.soak import processes

SIZES = (1, 10, 50, 100, 150, 200, 250, 300, 350, 400)
BESIDE = 100
"""Calls of the idle edge and of the lower bound."""
BESIDE_S = 10.0
LATEST_MS = 100.0
MICROPHONE = replace(CONTINUOUS, frame_s=0.02)


async def silent(http: aiohttp.ClientSession, url: str, delay_s: float, sound: bytes) -> None:
    """Hold a call without a response: *sound*, then silence."""
    await asyncio.sleep(delay_s)
    async with http.ws_connect(url + MICROPHONE.path, max_msg_size=0) as ws:
        start, sent = time.monotonic(), 0
        for at in range(0, len(sound), 640):
            sent = await _send(ws, sound[at : at + 640], start, sent)
        while time.monotonic() < start + BESIDE_S + 2:
            sent = await _send(ws, bytes(640), start, sent)


async def beside(url: str, process: psutil.Process, sound: bytes = b"") -> dict[str, Any]:
    """Return the CPU of *process* for BESIDE calls without responses, ms a call and second."""
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector) as http, asyncio.TaskGroup() as tasks:
        for number in range(BESIDE):
            tasks.create_task(silent(http, url, number / BESIDE, sound))
        await asyncio.sleep(1.5)
        before = processes.cpu_s(process)
        await asyncio.sleep(BESIDE_S)
        cpu_s = processes.cpu_s(process) - before
        rss = process.memory_info().rss / 2**20
    return {
        "calls": BESIDE,
        "cpu_ms_a_call_second": round(1000 * cpu_s / BESIDE / BESIDE_S, 2),
        "rss_mib": round(rss, 1),
    }


async def _send(ws: aiohttp.ClientWebSocketResponse, frame: bytes, start: float, sent: int) -> int:
    await ws.send_bytes(frame)
    sent += 1
    await asyncio.sleep(max(0.0, start + sent * 0.02 - time.monotonic()))
    return sent


def _busy_s() -> float:
    """Return the CPU time of the whole machine, to find load by other processes."""
    now = psutil.cpu_times()
    return now.user + now.nice + now.system + now.irq + now.softirq


async def measure(url: str, pid: int, size: int) -> dict[str, Any]:
    """Return the cost and the waits of *size* calls."""
    watched = {role: those[0] for role, those in processes.of(pid).items()}
    before = {role: processes.cpu_s(p) for role, p in watched.items()}
    busy = _busy_s()
    own, began = processes.cpu_s(psutil.Process()), time.monotonic()
    seen = await hold(url, MICROPHONE, size)
    took = time.monotonic() - began
    cpu = {r: (processes.cpu_s(p) - before[r]) / took for r, p in watched.items()}
    client = (processes.cpu_s(psutil.Process()) - own) / took
    waits = seen.waits_ms
    return {
        "calls": size,
        "turns": len(waits),
        "wait_p50_ms": statistics.median(waits),
        "wait_p95_ms": waits[int(0.95 * (len(waits) - 1))],
        "lost": seen.lost,
        "late_chunks": seen.late,
        "edge_cpu": round(cpu["edge"], 3),
        "bus_cpu": round(cpu["nats-server"], 3),
        "edge_cpu_ms_a_call_second": round(1000 * cpu["edge"] * took / (size * SECONDS), 2),
        "edge_rss_mib": round(watched["edge"].memory_info().rss / 2**20),
        "client_cpu": round(client, 3),
        "others_cpu": round((_busy_s() - busy) / took - sum(cpu.values()) - client, 3),
    }


def main() -> None:
    """Measure and write results/density.json."""
    rows: list[dict[str, Any]] = []
    with aura_server.running(**ENGINES) as (url, process):
        edge = processes.of(process.pid)["edge"][0]
        quiet = uvloop.run(beside(url, edge))
        with lower_bound.running(aura_server.bus_url(process.pid)) as (bare_url, bare):
            least = {
                "quiet": uvloop.run(beside(bare_url, bare)),
                "speaking": uvloop.run(beside(bare_url, bare, QUESTION * 14)),
            }
        print("quiet", quiet, "floor", least, flush=True)
        for size in SIZES:
            row = uvloop.run(measure(url, process.pid, size))
            base = min(measured["wait_p50_ms"] for measured in [*rows, row])
            over = row["wait_p95_ms"] - base
            row["overhead_p95_ms"] = round(over, 1)
            row["held"] = over <= LATEST_MS and not row["lost"] and not row["late_chunks"]
            rows.append(row)
            print(row, flush=True)
            if not row["held"] and size > 1:
                break
    save("density", machine=machine(), rows=rows, quiet=quiet, floor=least)


if __name__ == "__main__":
    main()
