"""Trials: the bus itself dies, or the link to it does."""

import asyncio
import functools
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from benchmarks import nats_server
from benchmarks.soak import processes
from benchmarks.soak.crowd import SoakCaller, Tally, crowd
from benchmarks.soak.proxy import Proxy, proxied
from benchmarks.soak.trial import Running, Scale, TrialOutcome, Trials, aura, memory, talk

TOLD_WITHIN_S, BACK_WITHIN_S, NOTICED_WITHIN_S = 3.0, 2.0, 12.0
SPEECH_S = 0.7


@dataclass
class Behind:
    """An Aura whose every process reaches its bus through a proxy."""

    run: Running
    proxy: Proxy
    callers: list[SoakCaller]
    tally: Tally


@asynccontextmanager
async def behind_a_proxy(callers: int, *arguments: str) -> AsyncIterator[Behind]:
    with nats_server.running() as server:
        async with proxied(server.port) as proxy:
            url = server.url.replace(str(server.port), str(proxy.port))
            async with (
                aura(*arguments, NATS_URL=url) as run,
                crowd(run.urls, callers) as (those, tally),
            ):
                yield Behind(run, proxy, those, tally)


async def bus_dies(scale: Scale) -> TrialOutcome:
    """kill -9 the single nats-server again and again; it is back at once, or after a second."""
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
    return TrialOutcome(
        tally.doubled + tally.mixed + tally.reordered == 0 and max(back_s) < 8, figures
    )


async def unreachable(how: str, scale: Scale) -> TrialOutcome:
    """The bus is away for a minute while all callers ask questions."""
    length_s = max(30.0, scale.seconds(60))
    async with behind_a_proxy(10) as here:
        await _turns(here.callers)
        base_s, before = max(here.tally.felt_ms) / 1000, memory(here.run.pid)
        asking = [asyncio.create_task(caller.turn(timeout_s=1.0)) for caller in here.callers]
        await asyncio.sleep(0.4)  # in the middle of their question
        gone = time.monotonic()
        await _interrupt(here.proxy, how)
        await asyncio.gather(*asking)
        in_vain = len(here.tally.felt_ms)
        others = [asyncio.create_task(_mutter(caller, gone + length_s)) for caller in here.callers]
        await asyncio.sleep(gone + length_s - time.monotonic())
        during = memory(here.run.pid)
        back = time.monotonic()
        await _restore(here.proxy, how)
        await asyncio.gather(*others)
        old = {caller.number: caller.asked for caller in here.callers}
        await _turns(here.callers)
        late_s = [_late_s(caller, back + SPEECH_S + base_s) for caller in here.callers]
        await talk(here.callers, 10)
        told_s = [_first(caller, "error", gone) - gone for caller in here.callers]
        stale = _stale(here.callers, old, back)
    growth = max(during[pid] - before[pid] for pid in before if pid in during) / 2**20
    figures = {
        "away_s": round(length_s),
        "told_max_s": round(max(told_s), 1),
        "back_max_s": round(max(late_s), 1),
        "stale_answers": stale,
        "memory_growth_mib": round(growth, 1),
        **here.tally.figures(),
        "asked_while_away": len(here.callers) - in_vain + len(here.callers),
    }
    held = max(told_s) <= TOLD_WITHIN_S and max(late_s) <= BACK_WITHIN_S
    tally = here.tally
    clean = not (tally.doubled or tally.mixed or tally.reordered or stale)
    return TrialOutcome(held and clean and growth < 10, figures)


def _late_s(caller: SoakCaller, expected_at: float) -> float:
    """Return how much later than *expected_at* a response was heard, seconds; 99: it was not."""
    return caller.first_audio_at - expected_at if caller.first_audio_at else 99.0


async def _interrupt(proxy: Proxy, how: str) -> None:
    if how == "refused":
        await proxy.refuse()
    else:
        proxy.go_dark()


async def _restore(proxy: Proxy, how: str) -> None:
    if how == "refused":
        await proxy.listen_again()
    else:
        proxy.light()


async def _turns(callers: Sequence[SoakCaller]) -> None:
    """Let all callers have a turn at once."""
    async with asyncio.TaskGroup() as tasks:
        for caller in callers:
            tasks.create_task(caller.turn())


def _stale(callers: Sequence[SoakCaller], asked: dict[int, int], since: float) -> int:
    """Count the responses after *since* to questions that were *asked* before."""
    return sum(
        any(f"#c{n}t{k}." in text for k in range(2, last + 1))
        for n, last in asked.items()
        for caller in callers
        for at, kind, text in caller.told
        if kind == "ai_complete" and at > since
    )


async def _mutter(caller: SoakCaller, until: float) -> None:
    """Say a sentence now and then without waiting for a response; end in silence."""
    while time.monotonic() < until - 6:
        await caller.say(f" and #c{caller.number}t{caller.asked}")
    while time.monotonic() < until:
        await caller.silence()


def _first(caller: SoakCaller, kind: str, after: float) -> float:
    """Return the time of the first message *kind* to *caller* after *after*."""
    return next((at for at, what, _ in caller.told if what == kind and at > after), float("inf"))


async def latency(scale: Scale) -> TrialOutcome:
    """Every message takes 100 +/- 50 ms to the bus, and the same back."""
    async with behind_a_proxy(20, "--stt", "2", "--llm", "2", "--tts", "2") as here:
        here.proxy.delay(100, 50)
        await talk(here.callers, scale.seconds(120))
    return TrialOutcome(here.tally.clean and here.tally.errors == 0, here.tally.figures())


async def half_open(scale: Scale) -> TrialOutcome:
    """All links freeze with open sockets, while new ones work: the time until processes notice."""
    noticed_s: list[float] = []
    async with behind_a_proxy(10, "--stt", "2", "--llm", "2", "--tts", "2") as here:

        async def freeze(_stop: asyncio.Event) -> None:
            for _ in range(scale.times(5)):
                await asyncio.sleep(8)
                taken, began = here.proxy.taken, time.monotonic()
                links = here.proxy.freeze()
                while here.proxy.taken < taken + links:
                    await asyncio.sleep(0.05)
                    if time.monotonic() - began > 60:
                        break
                noticed_s.append(time.monotonic() - began)

        await talk(here.callers, 600, freeze)
    figures: dict[str, Any] = {
        "freezes": len(noticed_s),
        "all_reconnected_max_s": round(max(noticed_s), 1),
        **here.tally.figures(),
    }
    return TrialOutcome(here.tally.clean and max(noticed_s) <= NOTICED_WITHIN_S, figures)


TRIALS: Trials = {
    "kill -9 nats-server": bus_dies,
    "bus unreachable 60 s (refused)": functools.partial(unreachable, "refused"),
    "bus unreachable 60 s (dark)": functools.partial(unreachable, "dark"),
    "bus with 100 +/- 50 ms of latency": latency,
    "half-open TCP to the bus": half_open,
}
