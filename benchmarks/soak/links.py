"""Trials: the bus itself dies, or the link to it does."""

from __future__ import annotations

import asyncio
import time

from benchmarks.soak import processes
from benchmarks.soak.crowd import crowd
from benchmarks.soak.trial import Outcome, Scale, Trials, aura, talk


async def bus_dies(scale: Scale) -> Outcome:
    """kill -9 the single nats-server again and again; it is back within a breath or a second."""
    back_s: list[float] = []
    async with aura() as run, crowd(run.urls, 10) as (callers, tally):

        async def kill_it(stop: asyncio.Event) -> None:
            for _ in range(scale.times(5)):
                await asyncio.sleep(8)
                (server,) = processes.of(run.pid)["nats-server"]
                server.kill()
                began, felt = time.monotonic(), len(tally.felt_ms)
                await asyncio.to_thread(processes.wait_for, run.pid, "nats-server", 1)
                while len(tally.felt_ms) <= felt and not stop.is_set():
                    await asyncio.sleep(0.02)
                back_s.append(time.monotonic() - began)

        await talk(callers, 300, kill_it)
    figures = {"kills": len(back_s), "next_answer_max_s": round(max(back_s), 1), **tally.figures()}
    return Outcome(tally.doubled + tally.mixed + tally.reordered == 0 and max(back_s) < 8, figures)


TRIALS: Trials = {
    "kill -9 nats-server": bus_dies,
}
