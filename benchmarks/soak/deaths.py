"""Trials: workers and edges are killed, sent away or put to sleep during calls."""

from __future__ import annotations

import asyncio
import functools
import random
import signal
import statistics
from collections.abc import Awaitable, Callable

import psutil

from benchmarks.soak import processes
from benchmarks.soak.crowd import crowd
from benchmarks.soak.trial import STAGES, Outcome, Scale, Trials, aura, talk

AT_WORK_S = {"stt": (0.3, 1.2), "llm": (1.0, 1.6), "tts": (1.4, 1.8)}
"""When a stage has our job in hand, after we began to speak, with engines that take 300 ms."""


async def kill_mid_job(stage: str, scale: Scale, **settings: str) -> Outcome:
    """kill -9 a worker while it works on our job; another one finishes it."""
    slow = {"AURA_SIM_STT_MS": "300", "AURA_SIM_LLM_FIRST_MS": "300", "AURA_SIM_TTS_MS": "300"}
    rng, late_ms = random.Random(1), []
    async with (
        aura(f"--{stage}", "2", **{**slow, **settings}) as run,
        crowd(run.urls, 1) as (callers, tally),
    ):
        (caller,) = callers
        for _ in range(3):
            await caller.turn()
        base_ms = statistics.median(tally.felt_ms)
        for _ in range(scale.times(50)):
            before = len(tally.felt_ms)
            killer = asyncio.create_task(_kill_one(run.pid, stage, rng.uniform(*AT_WORK_S[stage])))
            await caller.turn()
            await killer
            late_ms += [felt - base_ms for felt in tally.felt_ms[before:]]
            await asyncio.to_thread(processes.wait_for, run.pid, stage, 2)
            await asyncio.sleep(1.0)
    worst = max(late_ms, default=float("inf"))
    figures = {"kills": len(late_ms), "late_max_ms": round(worst), **tally.figures()}
    return Outcome(tally.clean and tally.errors == 0 and worst <= 3500, figures)


async def _kill_one(pid: int, stage: str, after_s: float) -> None:
    """Kill one of the stage's workers, whichever; half the time it is the one with our job."""
    await asyncio.sleep(after_s)
    random.choice(processes.of(pid)[stage]).kill()


async def storm(scale: Scale) -> Outcome:
    """A random worker dies every 5 s under 50 calls."""
    async with (
        aura("--stt", "2", "--llm", "2", "--tts", "2") as run,
        crowd(run.urls, 50) as (callers, tally),
    ):
        killed = await talk(callers, scale.seconds(300), _kill_every(run.pid, 5.0))
    figures = {"kills": killed, **tally.figures()}
    return Outcome(tally.clean, figures)


def _kill_every(pid: int, seconds: float) -> Callable[[asyncio.Event], Awaitable[int]]:
    async def kill(stop: asyncio.Event) -> int:
        killed = 0
        while not stop.is_set():
            await asyncio.sleep(seconds)
            workers = [p for stage in STAGES for p in processes.of(pid).get(stage, [])]
            random.choice(workers).kill()
            killed += 1
        return killed

    return kill


async def rolling(scale: Scale) -> Outcome:
    """SIGTERM every worker and edge in turn under 50 calls: nothing is delivered twice."""
    del scale

    async with (
        aura("--stt", "2", "--llm", "2", "--tts", "2", edges=2) as run,
        crowd(run.urls, 50) as (callers, tally),
    ):
        await talk(callers, 10)
        base_ms = max(tally.felt_ms)

        async def restart_each(_: asyncio.Event) -> None:
            for role in ("stt", "llm", "tts", "edge"):
                for process in processes.of(run.pid)[role]:
                    process.send_signal(signal.SIGTERM)
                    await asyncio.to_thread(process.wait, 30)
                    await asyncio.to_thread(processes.wait_for, run.pid, role, 2)
                    await asyncio.sleep(3)

        await talk(callers, 200, restart_each)
    over_ms = max(tally.felt_ms) - base_ms
    figures = {"over_base_ms": round(over_ms), **tally.figures()}
    return Outcome(tally.clean and over_ms <= 1000, figures)


async def sleeper(scale: Scale) -> Outcome:
    """SIGSTOP a worker with our job for 10 s: what it says afterwards changes nothing."""
    late_ms: list[float] = []
    async with (
        aura("--stt", "2", "--llm", "2", "--tts", "2") as run,
        crowd(run.urls, 1) as (callers, tally),
    ):
        (caller,) = callers
        await caller.turn()
        base_ms = tally.felt_ms[0]
        for number in range(scale.times(9)):
            stage = STAGES[number % 3]
            victim = random.choice(processes.of(run.pid)[stage])
            sleeping = asyncio.create_task(_sleep(victim, 10.0))
            await asyncio.sleep(random.uniform(0, 0.5))
            await caller.turn()
            late_ms.append(tally.felt_ms[-1] - base_ms)
            await sleeping
            await caller.turn()
    figures = {"sleeps": len(late_ms), "late_max_ms": round(max(late_ms)), **tally.figures()}
    return Outcome(tally.clean and tally.errors == 0 and max(late_ms) <= 3500, figures)


async def _sleep(process: psutil.Process, seconds: float) -> None:
    process.suspend()
    await asyncio.sleep(seconds)
    process.resume()


async def edge_dies(scale: Scale) -> Outcome:
    """kill -9 an edge; its callers go on at the other one, and the model remembers."""
    async with aura(edges=2) as run, crowd(run.urls, 10) as (callers, tally):

        async def kill_edges(_: asyncio.Event) -> None:
            for _ in range(scale.times(5)):
                await asyncio.sleep(6)
                random.choice(processes.of(run.pid)["edge"]).kill()
                await asyncio.to_thread(processes.wait_for, run.pid, "edge", 2)

        await talk(callers, 300, kill_edges)
    return Outcome(tally.clean and tally.resumed > 0, tally.figures())


TRIALS: Trials = {
    **{f"kill -9 {stage} mid-job": functools.partial(kill_mid_job, stage) for stage in STAGES},
    "a worker killed every 5 s, 50 calls": storm,
    "rolling SIGTERM of workers and edges, 50 calls": rolling,
    "SIGSTOP 10 s, SIGCONT": sleeper,
    "kill -9 an edge, callers come back": edge_dies,
}
