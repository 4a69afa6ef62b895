"""The trials: each starts an Aura of its own, does it harm, and says what its callers noticed."""

from __future__ import annotations

import asyncio
import functools
import random
import signal
import statistics
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import psutil

from benchmarks import aura_server
from benchmarks.soak import fuzz, processes
from benchmarks.soak.crowd import VOICE_MS, SoakCaller, Tally, crowd, talk_until

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
    "AURA_OVERLOAD_WAIT_MS": "0",
}
STAGES = ("stt", "llm", "tts")
AT_WORK_S = {"stt": (0.3, 1.2), "llm": (1.0, 1.6), "tts": (1.4, 1.8)}
"""When a stage has our job in hand, after we began to speak, with engines that take 300 ms."""


@dataclass(frozen=True)
class Outcome:
    """One line of the result file."""

    held: bool
    figures: dict[str, Any]


@dataclass(frozen=True)
class Scale:
    """How much of each trial: 1 is what the README's table is made from."""

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
async def aura(*arguments: str, edges: int = 1, **settings: str) -> AsyncIterator[Running]:
    """Yield a running Aura with simulated engines unless *settings* say otherwise."""
    given = {**SIMULATED, **settings}
    started = aura_server.running(*arguments, "--edges", str(edges), **given)
    url, process = await asyncio.to_thread(started.__enter__)
    try:
        host, _, port = url.rpartition(":")
        yield Running([f"{host}:{int(port) + k}" for k in range(edges)], process.pid)
    finally:
        await asyncio.to_thread(started.__exit__, None, None, None)


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
        killed = await _talk(callers, scale.seconds(300), _kill_every(run.pid, 5.0))
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


async def _talk(
    callers: list[SoakCaller],
    seconds: float,
    harm: Callable[[asyncio.Event], Awaitable[Any]] | None = None,
    *,
    pause_s: float = 1.0,
) -> Any:
    """Let *callers* talk for *seconds* while *harm* is done; return what *harm* returned."""
    stop = asyncio.Event()
    talking = asyncio.create_task(talk_until(callers, stop, pause_s))
    harming = asyncio.create_task(harm(stop)) if harm else None  # type: ignore[arg-type]  # a coroutine
    if harming is None:
        await asyncio.sleep(seconds)
    else:
        await asyncio.wait({harming}, timeout=seconds)
    stop.set()
    await talking
    return await harming if harming else None


async def rolling(scale: Scale) -> Outcome:
    """SIGTERM every worker and edge in turn under 50 calls: nothing is delivered twice."""
    del scale

    async with (
        aura("--stt", "2", "--llm", "2", "--tts", "2", edges=2) as run,
        crowd(run.urls, 50) as (callers, tally),
    ):
        await _talk(callers, 10)
        base_ms = max(tally.felt_ms)

        async def restart_each(_: asyncio.Event) -> None:
            for role in ("stt", "llm", "tts", "edge"):
                for process in processes.of(run.pid)[role]:
                    process.send_signal(signal.SIGTERM)
                    await asyncio.to_thread(process.wait, 30)
                    await asyncio.to_thread(processes.wait_for, run.pid, role, 2)
                    await asyncio.sleep(3)

        await _talk(callers, 200, restart_each)
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

        await _talk(callers, 300, kill_it)
    figures = {"kills": len(back_s), "next_answer_max_s": round(max(back_s), 1), **tally.figures()}
    return Outcome(tally.doubled + tally.mixed + tally.reordered == 0 and max(back_s) < 8, figures)


async def edge_dies(scale: Scale) -> Outcome:
    """kill -9 an edge; its callers go on at the other one, and the model remembers."""
    async with aura(edges=2) as run, crowd(run.urls, 10) as (callers, tally):

        async def kill_edges(_: asyncio.Event) -> None:
            for _ in range(scale.times(5)):
                await asyncio.sleep(6)
                random.choice(processes.of(run.pid)["edge"]).kill()
                await asyncio.to_thread(processes.wait_for, run.pid, "edge", 2)

        await _talk(callers, 300, kill_edges)
    return Outcome(tally.clean and tally.resumed > 0, tally.figures())


async def many_calls(scale: Scale) -> Outcome:
    """200 calls for ten minutes: nothing lost, and memory does not grow after the second."""
    async with (
        aura("--stt", "1", "--llm", "1", "--tts", "1") as run,
        crowd(run.urls, 200) as (callers, tally),
    ):
        early: dict[int, int] = {}

        async def watch(stop: asyncio.Event) -> None:
            await asyncio.sleep(scale.seconds(120))
            early.update(_memory(run.pid))
            while not stop.is_set():
                await asyncio.sleep(1)

        await _talk(callers, scale.seconds(600), watch, pause_s=6.0)
        late = _memory(run.pid)
    growth = max(late[pid] / early[pid] - 1 for pid in late if pid in early)
    figures = {"memory_growth_percent": round(100 * growth, 1), **tally.figures()}
    return Outcome(tally.clean and growth < 0.05, figures)


def _memory(pid: int) -> dict[int, int]:
    """Return the resident memory of each of ours; the bus keeps a log in memory by design."""
    return {
        process.pid: process.memory_info().rss
        for role, those in processes.of(pid).items()
        for process in those
        if role != "nats-server"
    }


async def full_house(scale: Scale) -> Outcome:
    """1000 calls, a tenth of them speaking: all are served, the next one is refused."""
    size = scale.times(1000)
    async with (
        aura(AURA_MAX_SESSIONS=str(size)) as run,
        crowd(run.urls, size) as (callers, tally),
    ):
        await _talk(callers[: size // 10], scale.seconds(60), pause_s=6.0)
        refused = await _refused(callers[0], run.urls[0])
    figures = {"calls": size, "one_more_refused": refused, **tally.figures()}
    return Outcome(tally.clean and refused, figures)


async def _refused(caller: SoakCaller, url: str) -> bool:
    path = "/ws/voice/continuous?token=demo_token&greeting=0"
    async with caller._http.ws_connect(url + path) as ws:  # its session will do
        told = await ws.receive_json()
        return bool(told.get("code") == "SESSION_LIMIT")


async def scaling(scale: Scale) -> Outcome:
    """1, 2, 4, 8 workers with an engine of 200 ms and one place: throughput follows."""
    rates: dict[int, float] = {}
    for workers in (1, 2, 4, 8):
        rates[workers] = await _throughput(workers, scale.seconds(15))
    least = min(rates[n] / (n * rates[1]) for n in rates)
    figures = {f"jobs_per_s_{n}": round(rate, 2) for n, rate in rates.items()}
    return Outcome(least >= 0.95, {"of_linear": round(least, 3), **figures})


async def _throughput(workers: int, seconds: float) -> float:
    """Return the TTS jobs a second that *workers* do when there are always more than they can."""
    import nats  # noqa: PLC0415  # the one trial that speaks to the bus itself

    from schemas import codec, subjects  # noqa: PLC0415  # the same
    from schemas.events import ResponseSentence  # noqa: PLC0415  # the same

    jobs = int(workers * seconds * 5)
    slow = {"AURA_SIM_TTS_MS": "200", "AURA_SIM_TTS_AUDIO_MS": "20", "AURA_TTS_SLOTS": "1"}
    async with aura("--tts", str(workers), **slow) as run:
        client = await nats.connect(await asyncio.to_thread(aura_server.bus_url, run.pid))
        done, enough = [], asyncio.Event()

        async def on_ready(_: Any) -> None:
            done.append(time.monotonic())
            if len(done) >= jobs:
                enough.set()

        await client.subscribe("aura.live.soak.*.out", cb=on_ready)
        for number in range(jobs):
            event = ResponseSentence(
                tenant="soak",
                session=f"s{number}",
                at_ms=int(time.time() * 1000),
                turn=1,
                index=0,
                text="One sentence.",
                model="none",
                first_token_ms=0.0,
                took_ms=0.0,
                deadline_ms=0,
            )
            await client.publish(
                subjects.event(event), codec.encode(event), headers=codec.headers(event, "")
            )
        async with asyncio.timeout(seconds * 6 + 30):
            await enough.wait()
        await client.close()
    tenth = len(done) // 10  # the first and the last are not a steady state
    return (len(done) - 2 * tenth) / (done[-tenth - 1] - done[tenth])


async def bad_engine(fail: str, scale: Scale) -> Outcome:
    """One job on which the engine fails; its caller is told, the others notice nothing."""
    del scale
    limits = {"AURA_SIM_FAIL": fail, "AURA_ENGINE_LIMIT_S": "2"}
    async with (
        aura("--stt", "2", "--llm", "2", "--tts", "2", **limits) as run,
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
    """100,000 malformed WebSocket messages over both dialects beside a good call."""
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


TRIALS: dict[str, Callable[[Scale], Awaitable[Outcome]]] = {
    **{f"kill -9 {stage} mid-job": functools.partial(kill_mid_job, stage) for stage in STAGES},
    "a worker killed every 5 s, 50 calls": storm,
    "rolling SIGTERM of workers and edges, 50 calls": rolling,
    "SIGSTOP 10 s, SIGCONT": sleeper,
    "kill -9 nats-server": bus_dies,
    "kill -9 an edge, callers come back": edge_dies,
    "200 calls": many_calls,
    "1000 calls, a tenth speaking": full_house,
    "1, 2, 4, 8 workers": scaling,
    **{
        f"a job on which an engine fails ({fail})": functools.partial(bad_engine, fail)
        for fail in ("raise", "hang", "nonsense", "exit")
    },
    "malformed WebSocket messages": malformed_sockets,
    "malformed bus messages": malformed_bus,
}
