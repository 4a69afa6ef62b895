"""Recorded sessions: the time of a list, a timeline and `--decide`, and the cost of recording.

    python -m benchmarks sessions

Commands are timed from the start of the process to its end.
"""

import asyncio
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from typing import Any

import msgspec

from benchmarks import nats_server, recording_cost
from benchmarks.latency import machine
from benchmarks.results import save
from benchmarks.synthetic_call import TENANT, TURN_EVERY_MS, conversation
from deploy.provision import provision
from runtime.bus.connection import Bus, connect
from runtime.settings import load
from schemas import codec, subjects
from schemas.events import Event

SESSIONS = 10_000
TRIES = 5
HOUR_S, PACED_S = 3600, 60


async def store(bus: Bus, events: Sequence[Event]) -> None:
    """Store *events*, waiting for the last alone."""
    for event in events[:-1]:
        data, head = codec.encode(event), codec.headers(event)
        await bus.send_raw(subjects.event(event), data, head)
    await bus.publish(events[-1])


async def fill(env: dict[str, str]) -> None:
    """Store an hour, a minute, and SESSIONS short calls."""
    # made first: the connection would be lost while the loop is busy
    long = {name: conversation(name, s) for name, s in (("hour", HOUR_S), ("minute", PACED_S))}
    short = conversation("short", 2 * TURN_EVERY_MS // 1000)
    bus = await connect(load(nats_url=env["NATS_URL"]), "bench")
    await provision(bus)
    for name, events in long.items():
        for k in range(0, len(events), 500):
            await store(bus, events[k : k + 500])
        print(f"  {name}: {len(events)} events", flush=True)
    for number in range(SESSIONS):
        own = {"session": f"s_{number:05}", "tenant": TENANT}
        await store(bus, [msgspec.structs.replace(event, **own) for event in short])
    print(f"  {SESSIONS} sessions of {len(short)} events", flush=True)
    await bus.close()


def timed(env: dict[str, str], *arguments: str) -> tuple[float, str]:
    """Return the time of `aura` with *arguments*, s, and its output."""
    began = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "aura.cli.main", *arguments],
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    took_s = time.perf_counter() - began
    if done.returncode and "--decide" not in arguments:
        raise RuntimeError(done.stderr)
    return took_s, done.stdout


def typed(env: dict[str, str], *arguments: str) -> dict[str, float]:
    """Return the median and the worst of TRIES, s."""
    took = sorted(timed(env, *arguments)[0] for _ in range(TRIES))
    figures = {"p50_s": round(statistics.median(took), 3), "worst_s": round(took[-1], 3)}
    print(f"  aura {' '.join(arguments)}: {figures}", flush=True)
    return figures


def decided(env: dict[str, str], *options: str) -> float:
    """Return the speed of deciding again, in multiples of real time: median of TRIES."""
    ratios: list[float] = []
    for _ in range(TRIES):
        (verdict,) = json.loads(timed(env, "replay", "hour", "--decide", "--json", *options)[1])
        if verdict["differences"] is None or (verdict["differences"] and not options):
            raise RuntimeError(str(verdict)[:500])
        ratios.append(verdict["call_s"] * 1000 / verdict["took_ms"])
    print(f"  --decide {' '.join(options)}: {statistics.median(ratios):.0f} times", flush=True)
    return round(statistics.median(ratios))


async def paced(env: dict[str, str]) -> dict[str, Any]:
    """Return the lateness of the events of a replay at speed 1, ms."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "aura.cli.main", "replay", "minute", "--json"),
        env=env,
        stdout=asyncio.subprocess.PIPE,
        limit=1_000_000,
    )
    assert process.stdout
    came = []
    while line := await process.stdout.readline():
        now_ms = time.monotonic() * 1000
        came.append(now_ms - json.loads(line)["at_ms"])
    await process.wait()
    pace = statistics.median(came)
    off = sorted(abs(gap_s - pace) for gap_s in came)
    p99 = off[int(0.99 * (len(off) - 1))]
    figures = {"events": len(off), "p99_ms": round(p99, 2), "worst_ms": round(off[-1], 2)}
    print(f"  replay at speed 1: {figures}", flush=True)
    return figures


def main() -> None:
    """Measure and write results/sessions.json."""
    with nats_server.running() as server:
        env = {**os.environ, "NATS_URL": server.url, "AURA_DATA_DIR": str(server.folder)}
        asyncio.run(fill(env))
        figures: dict[str, Any] = {
            "sessions": SESSIONS,
            "list": typed(env, "sessions", "--json"),
            "list_as_table": typed(env, "sessions"),
            "show": typed(env, "show", "hour"),
            "show_html": typed(env, "show", "hour", "--html", f"{server.folder}/hour.html"),
            "help": typed(env, "--help"),
            "decide_times": decided(env),
            "decide_other_times": decided(env, "--eagerness", "low"),
            "replay": asyncio.run(paced(env)),
        }
    save("sessions", machine=machine(), **figures, keeping=recording_cost.measure())


if __name__ == "__main__":
    main()
