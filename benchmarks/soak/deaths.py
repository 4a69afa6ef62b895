"""Trials: workers and edges are killed, stopped or suspended during calls."""

import asyncio
import functools
import os
import random
import signal
import statistics
import time
from collections.abc import Callable, Coroutine
from typing import Any

import psutil

from benchmarks import aura_server, recordings
from benchmarks.soak import processes
from benchmarks.soak.crowd import SoakCaller, Tally, crowd
from benchmarks.soak.trial import SIMULATED, Running, Scale, TrialOutcome, Trials, aura, talk
from runtime.bus.connection import Bus, connect
from runtime.bus.discovery import discover
from runtime.settings import load
from schemas.stages import STAGE_NAMES

WITHIN_S = {"stt": 1.2, "llm": 0.2, "tts": 0.2}
"""Delay of the kill after the worker took the job: during the speech, or during the response."""


async def kill_mid_job(stage: str, scale: Scale) -> TrialOutcome:
    """kill -9 the worker that has the job; another one finishes it."""
    slow = {"AURA_SIM_STT_MS": "300", "AURA_SIM_LLM_FIRST_MS": "300", "AURA_SIM_TTS_MS": "300"}
    async with (
        aura(f"--{stage}", "2", engines=SIMULATED | slow) as run,
        crowd(run.urls, 1) as (callers, tally),
    ):
        return await _kill_holders(run, stage, callers[0], tally, scale.times(50))


async def kill_real(stage: str, scale: Scale) -> TrialOutcome:
    """The same with real engines and a spoken question."""
    async with (
        aura(f"--{stage}", "2", engines={}) as run,
        crowd(run.urls, 1, RealCaller) as (callers, tally),
    ):
        return await _kill_holders(run, stage, callers[0], tally, scale.times(5))


class RealCaller(SoakCaller):
    """Asks a question in Aura's own voice; any response counts if it comes once."""

    @functools.cached_property
    def voice(self) -> bytes:
        return list(recordings.spoken().values())[1]

    def question(self, tag: str, extra: str) -> bytes:
        del tag, extra
        return self.voice

    def is_mine(self, tag: str, answer: str) -> bool:
        del tag
        return bool(answer.strip())


async def _kill_holders(
    run: Running, stage: str, caller: SoakCaller, tally: Tally, kills: int
) -> TrialOutcome:
    late_ms, missed = [], 0
    url = await asyncio.to_thread(aura_server.bus_url, run.pid)
    async with await connect(load(nats_url=url), "killer") as bus:
        caller.question("", "")  # made before the measurement
        for _ in range(4):
            await caller.turn()
        base_ms = statistics.median(tally.felt_ms[1:])
        for _ in range(kills):
            before = len(tally.felt_ms)
            killer = asyncio.create_task(_kill_holder(bus, stage))
            await caller.turn()
            missed += not await killer
            late_ms += [felt - base_ms for felt in tally.felt_ms[before:]]
            await _until_ready(bus, stage, 2)
    worst = max(late_ms, default=float("inf"))
    figures = {
        "kills": len(late_ms) - missed,
        "undisturbed_ms": round(base_ms),
        "late_p50_ms": round(statistics.median(late_ms)),
        "late_max_ms": round(worst),
        **tally.figures(),
    }
    return TrialOutcome(tally.clean and tally.errors == 0 and worst <= 3500, figures)


async def _kill_holder(bus: Bus, stage: str) -> bool:
    """Kill the worker that has the job within WITHIN_S after it took it; False: too late."""
    until = time.monotonic() + 10
    while time.monotonic() < until:
        statuses = [
            service.status for service in await discover(bus, wait_s=0.02) if service.role == stage
        ]
        if holders := [status.pid for status in statuses if status.in_flight and status.pid]:
            await asyncio.sleep(random.uniform(0, WITHIN_S[stage]))
            os.kill(holders[0], signal.SIGKILL)
            return True
    return False


async def _until_ready(bus: Bus, stage: str, count: int) -> None:
    async with asyncio.timeout(60):
        while sum(service.role == stage for service in await discover(bus, wait_s=0.1)) < count:
            pass
    await asyncio.sleep(1.0)


async def storm(scale: Scale) -> TrialOutcome:
    """A random worker dies every 5 s under 50 calls."""
    async with (
        aura("--stt", "2", "--llm", "2", "--tts", "2") as run,
        crowd(run.urls, 50) as (callers, tally),
    ):
        killed = await talk(callers, scale.seconds(300), kill_every(run.pid, 5.0))
    figures = {"kills": killed, **tally.figures()}
    return TrialOutcome(tally.clean, figures)


def kill_every(pid: int, seconds: float) -> Callable[[asyncio.Event], Coroutine[Any, Any, int]]:
    async def kill(stop: asyncio.Event) -> int:
        killed = 0
        while not stop.is_set():
            await asyncio.sleep(seconds)
            workers = [p for stage in STAGE_NAMES for p in processes.of(pid).get(stage, [])]
            random.choice(workers).kill()
            killed += 1
        return killed

    return kill


async def rolling(scale: Scale) -> TrialOutcome:
    """SIGTERM every worker and edge in turn under 50 calls: nothing is delivered twice."""
    del scale

    async with (
        aura("--stt", "2", "--llm", "2", "--tts", "2", edges=2) as run,
        crowd(run.urls, 50) as (callers, tally),
    ):
        await talk(callers, 10)
        base_ms = max(tally.felt_ms)

        async def restart_each(_stop: asyncio.Event) -> None:
            for role in (*STAGE_NAMES, "edge"):
                for process in processes.of(run.pid)[role]:
                    process.send_signal(signal.SIGTERM)
                    await asyncio.to_thread(process.wait, 30)
                    await asyncio.to_thread(processes.wait_for, run.pid, role, 2)
                    await asyncio.sleep(3)

        await talk(callers, 200, restart_each)
    over_ms = max(tally.felt_ms) - base_ms
    figures = {"over_base_ms": round(over_ms), **tally.figures()}
    return TrialOutcome(tally.clean and over_ms <= 1000, figures)


async def sleeper(scale: Scale) -> TrialOutcome:
    """SIGSTOP a worker with a job for 10 s: its late results change nothing."""
    late_ms: list[float] = []
    async with (
        aura("--stt", "2", "--llm", "2", "--tts", "2") as run,
        crowd(run.urls, 1) as (callers, tally),
    ):
        (caller,) = callers
        await caller.turn()
        base_ms = tally.felt_ms[0]
        for number in range(scale.times(9)):
            stage = STAGE_NAMES[number % 3]
            victim = random.choice(processes.of(run.pid)[stage])
            sleeping = asyncio.create_task(_sleep(victim, 10.0))
            await asyncio.sleep(random.uniform(0, 0.5))
            await caller.turn()
            late_ms.append(tally.felt_ms[-1] - base_ms)
            await sleeping
            await caller.turn()
    figures = {"sleeps": len(late_ms), "late_max_ms": round(max(late_ms)), **tally.figures()}
    return TrialOutcome(tally.clean and tally.errors == 0 and max(late_ms) <= 3500, figures)


async def _sleep(process: psutil.Process, seconds: float) -> None:
    process.suspend()
    await asyncio.sleep(seconds)
    process.resume()


async def edge_dies(scale: Scale) -> TrialOutcome:
    """kill -9 an edge; its callers resume at the other one, with their history."""
    async with aura(edges=2) as run, crowd(run.urls, 10) as (callers, tally):

        async def kill_edges(_stop: asyncio.Event) -> None:
            for _ in range(scale.times(5)):
                await asyncio.sleep(6)
                random.choice(processes.of(run.pid)["edge"]).kill()
                await asyncio.to_thread(processes.wait_for, run.pid, "edge", 2)

        await talk(callers, 300, kill_edges)
    return TrialOutcome(tally.clean and tally.resumed > 0, tally.figures())


TRIALS: Trials = {
    **{f"kill -9 {stage} mid-job": functools.partial(kill_mid_job, stage) for stage in STAGE_NAMES},
    **{
        f"kill -9 {stage}, real engines": functools.partial(kill_real, stage)
        for stage in STAGE_NAMES
    },
    "a worker killed every 5 s, 50 calls": storm,
    "rolling SIGTERM of workers and edges, 50 calls": rolling,
    "SIGSTOP 10 s, SIGCONT": sleeper,
    "kill -9 an edge, callers come back": edge_dies,
}
