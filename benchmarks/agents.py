"""The cost of ten thousand agents in the bucket for a call: two Auras, called in turns.

One has a single agent, the other 10,000 of 2 kB. A call opens its WebSocket, names an agent, gets
its session, types a turn and gets the response; engines are simulated without delay. Measured are
the time to the session, the time to the response, and the resident memory of the edge.
"""

import asyncio
import json
import os
import sys
import time
from typing import Any

import aiohttp
import numpy as np

from benchmarks import aura_server
from benchmarks.results import save
from benchmarks.soak import processes
from runtime.agents import store
from runtime.bus.connection import connect
from runtime.settings import load
from schemas import subjects

AGENTS, AT_ONCE, TENANTS = 10_000, 200, 100
TEXT = "prompt: |\n" + "  You are agent %d, on the phone, and answer in short sentences.\n" * 30
PATH = "/ws/voice/continuous?token=demo_token&greeting=0&agent=a1"
SETTINGS = {
    "AURA_STT_ENGINE": "simulated",
    "AURA_LLM_ENGINE": "simulated",
    "AURA_TTS_ENGINE": "simulated",
    "AURA_SIM_LLM_FIRST_MS": "0",
    "AURA_SIM_LLM_TOKEN_MS": "0",
    "AURA_SIM_TTS_MS": "0",
    "AURA_SIM_TTS_AUDIO_MS": "200",
    "AURA_RECONNECTS_PER_MINUTE": "100000",
}
CALLS = 50 if os.environ.get("AURA_BENCH_QUICK") else 200


async def fill(url: str, count: int) -> None:
    """Put *count* agents of many tenants into the bucket, and the shared one of the calls."""
    bus = await connect(load(nats_url=url, _env_file=None), "bench")

    async def put(number: int) -> None:
        key = subjects.agent_key(f"t{number % TENANTS}", f"a{number}")
        await bus.put(f"{subjects.AGENTS}.{key}", TEXT.replace("%d", str(number)), 0)

    for start in range(0, count, AT_ONCE):
        await asyncio.gather(*map(put, range(start, min(start + AT_ONCE, count))))
    await store.apply(bus, "", "a1", TEXT.replace("%d", "1"))
    await bus.close()


async def call(url: str) -> tuple[float, float]:
    """Hold a call; return the time to its session and to its response, ms."""
    async with aiohttp.ClientSession() as client:
        began = time.perf_counter()
        async with client.ws_connect(url + PATH) as ws:
            assert (await ws.receive_json())["type"] == "session"
            session_ms = (time.perf_counter() - began) * 1000
            typed = time.perf_counter()
            await ws.send_json({"type": "text", "text": "hello"})
            while (await ws.receive_json())["type"] != "ai_audio":
                pass
            response_ms = (time.perf_counter() - typed) * 1000
            await ws.send_json({"type": "end_call"})
    return session_ms, response_ms


def edge_mb(pid: int) -> float:
    """Return the resident memory of the edge of `aura up` *pid*, MB."""
    return float(processes.of(pid)["edge"][0].memory_info().rss / 1e6)


async def alternate(urls: dict[str, str]) -> dict[str, list[tuple[float, float]]]:
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in urls}
    for _ in range(CALLS):
        for name, url in urls.items():
            times[name].append(await call(url))
    return times


def summary(times: list[tuple[float, float]]) -> dict[str, Any]:
    columns = np.asarray(times).T
    return {
        step: {f"p{q}": round(float(np.percentile(ms, q)), 2) for q in (50, 95)}
        for step, ms in zip(("session_ms", "response_ms"), columns, strict=True)
    }


def main() -> None:
    """Measure, print, and write results/agents.json."""
    with (
        aura_server.running(**SETTINGS) as (single, first),
        aura_server.running(**SETTINGS) as (many, second),
    ):
        for process, count in ((first, 0), (second, AGENTS)):
            asyncio.run(fill(aura_server.bus_url(process.pid), count))
        times_of = asyncio.run(alternate({"1": single, str(AGENTS): many}))
        memory = {"1": edge_mb(first.pid), str(AGENTS): edge_mb(second.pid)}
    results = {
        name: {**summary(times), "edge_mb": memory[name]} for name, times in times_of.items()
    }
    save("agents", calls=CALLS, agents=results)
    json.dump(results, sys.stdout, indent=1)
    print()


if __name__ == "__main__":
    main()
