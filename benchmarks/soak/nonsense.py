"""Trials: engines that fail, and messages that nobody should send."""

from __future__ import annotations

import asyncio
import functools
import time

from benchmarks import aura_server
from benchmarks.soak import fuzz, processes
from benchmarks.soak.crowd import VOICE_MS, Tally, crowd, talk_until
from benchmarks.soak.trial import SIMULATED, Outcome, Scale, Trials, aura


async def bad_engine(fail: str, scale: Scale) -> Outcome:
    """An engine fails on one job; its caller is told, the others notice nothing."""
    del scale
    limits = {"AURA_SIM_FAIL": fail, "AURA_ENGINE_LIMIT_S": "2"}
    async with (
        aura("--stt", "2", "--llm", "2", "--tts", "2", engines=SIMULATED | limits) as run,
        crowd(run.urls, 8) as (callers, tally),
    ):
        unlucky, others = callers[0], callers[1:]
        mine = unlucky.tally = Tally()
        stop = asyncio.Event()
        talking = asyncio.create_task(talk_until(others, stop))
        began = time.monotonic()
        answered = await unlucky.turn(extra=" poison", patience_s=20)
        errors = [one for one in unlucky.heard if one["type"] == "error"]
        codes = {one["code"] for one in errors}
        told_s = errors[0]["at"] - began - VOICE_MS / 1000 if errors else 0.0
        again = await unlucky.turn()
        stop.set()
        await talking
    figures = {
        "told": sorted(str(code) for code in codes),
        "told_s": round(told_s, 1),
        "answered": answered,
        "next_turn_answered": again,
        **{f"others_{k}": v for k, v in tally.figures().items()},
        "unlucky_errors": mine.errors,
    }
    expected = bool(codes) or answered  # nonsense is an answer, if a poor one
    return Outcome(tally.clean and expected and again and told_s <= 15, figures)


async def malformed_sockets(scale: Scale) -> Outcome:
    """100,000 malformed WebSocket messages over each client protocol, beside a good call."""
    async with aura() as run:
        (edge,) = processes.of(run.pid)["edge"]
        found = await fuzz.sockets(run.urls[0], edge.pid, scale.times(100_000))
        alive = edge.is_running()
    return _fuzzed(found, alive)


async def malformed_bus(scale: Scale) -> Outcome:
    """100,000 malformed messages on the bus beside a good call."""
    async with aura() as run:
        (worker,) = processes.of(run.pid)["llm"]
        bus = await asyncio.to_thread(aura_server.bus_url, run.pid)
        found = await fuzz.on_bus(run.urls[0], bus, worker.pid, scale.times(100_000))
        alive = worker.is_running()
    return _fuzzed(found, alive)


def _fuzzed(found: fuzz.Result, alive: bool) -> Outcome:
    figures = {
        "sent": found.sent,
        "answered": found.answered,
        "wrong_answers": len(found.wrong_answers),
        **{f"closed_{code}": count for code, count in found.closed.items()},
        "good_turns": found.good_turns,
        "good_turns_lost": found.good_turns_lost,
        "memory_growth_percent": round(100 * found.memory_growth, 1),
    }
    good = alive and not found.wrong_answers and not found.good_turns_lost
    return Outcome(good and found.memory_growth < 0.15, figures)


TRIALS: Trials = {
    **{
        f"a job on which an engine fails ({fail})": functools.partial(bad_engine, fail)
        for fail in ("raise", "hang", "nonsense", "exit")
    },
    "malformed WebSocket messages": malformed_sockets,
    "malformed bus messages": malformed_bus,
}
