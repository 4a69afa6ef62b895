"""The parts of a trial: an Aura of its own, callers who talk, and an outcome."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from benchmarks import aura_server
from benchmarks.soak import processes
from benchmarks.soak.crowd import SoakCaller, talk_until

SIMULATED = {
    "AURA_STT_ENGINE": "simulated",
    "AURA_LLM_ENGINE": "simulated",
    "AURA_TTS_ENGINE": "simulated",
    "AURA_STT_SLOTS": "64",
    "AURA_STT_WORKERS": "64",
    "AURA_LLM_SLOTS": "64",
    "AURA_TTS_SLOTS": "64",
    "AURA_STT_PARTIAL_INTERVAL_MS": "0",
    "AURA_SIM_TTS_AUDIO_MS": "600",
    "AURA_MAX_CONNECTIONS_PER_IP": "5000",
    "AURA_MAX_SESSIONS": "5000",
    "AURA_MAX_SESSIONS_PER_TENANT": "5000",
    "AURA_MAX_CALL_S": "0",
    "AURA_MAX_CALL_IDLE_S": "0",
    "AURA_OVERLOAD_WAIT_MS": "0",
}


@dataclass(frozen=True)
class TrialOutcome:
    """A line of the result file."""

    held: bool
    figures: dict[str, Any]


@dataclass(frozen=True)
class Scale:
    """Factor of the length of each trial; the README's table is made with 1."""

    factor: float = 1.0

    def times(self, count: int) -> int:
        return max(2, round(count * self.factor))

    def seconds(self, duration: float) -> float:
        return max(10.0, duration * self.factor)


@dataclass(frozen=True)
class Running:
    """An Aura under trial."""

    urls: list[str]
    pid: int


@asynccontextmanager
async def aura(
    *arguments: str, edges: int = 1, engines: dict[str, str] = SIMULATED, **settings: str
) -> AsyncIterator[Running]:
    """Yield a running Aura with *engines*."""
    environment = {**engines, **settings}
    started = aura_server.running(*arguments, "--edges", str(edges), **environment)
    url, process = await asyncio.to_thread(started.__enter__)
    try:
        host, _, port = url.rpartition(":")
        yield Running([f"{host}:{int(port) + k}" for k in range(edges)], process.pid)
    finally:
        await asyncio.to_thread(started.__exit__, None, None, None)


async def talk(
    callers: list[SoakCaller],
    seconds: float,
    harm: Callable[[asyncio.Event], Coroutine[Any, Any, Any]] | None = None,
    *,
    pause_s: float = 1.0,
) -> Any:
    """Let *callers* talk for *seconds* while *harm* is done; return what *harm* returned."""
    stop = asyncio.Event()
    talking = asyncio.create_task(talk_until(callers, stop, pause_s))
    harming = asyncio.create_task(harm(stop)) if harm else None
    if harming is None:
        await asyncio.sleep(seconds)
    else:
        await asyncio.wait({harming}, timeout=seconds)
    stop.set()
    await talking
    return await harming if harming else None


def memory(pid: int) -> dict[int, int]:
    """Return the resident memory of each process but the bus, which keeps streams in memory."""
    return {
        process.pid: process.memory_info().rss
        for role, those in processes.of(pid).items()
        for process in those
        if role != "nats-server"
    }


Trials = dict[str, Callable[[Scale], Coroutine[Any, Any, TrialOutcome]]]
"""The trials by name, as the README's table shows it."""
