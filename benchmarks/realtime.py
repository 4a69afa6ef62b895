"""`/v1/realtime` beside the continuous protocol, in one run: CPU of the edge a call, and waits.

    python -m benchmarks realtime        # 100 calls; a number after it: as many

Each caller sends 40 ms of audio every 40 ms, and has a turn every ten seconds with a response of
two seconds, on one edge with simulated engines. The protocols differ only in resampling and base64.
They are measured in turns and compared in pairs, so that other load affects both.
"""

import json
import statistics
import sys
import time
from typing import Any

import psutil
import uvloop

from benchmarks import aura_server
from benchmarks.latency import machine
from benchmarks.results import save
from benchmarks.simulated_calls import CONTINUOUS, ENGINES, REALTIME, SECONDS, Door, hold
from benchmarks.soak import processes

CALLS = 100
PAIRS = 2


async def measure(url: str, edge: psutil.Process, door: Door, calls: int) -> dict[str, Any]:
    """Return the cost and the waits of *calls* over *door*."""
    before, began = processes.cpu_s(edge), time.monotonic()
    seen = await hold(url, door, calls)
    took_s = time.monotonic() - began
    cpu_s = processes.cpu_s(edge) - before
    waits = seen.waits_ms
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
    with aura_server.running(**ENGINES) as (url, process):
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
