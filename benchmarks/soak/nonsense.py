"""Trials: failing engines, malformed messages, and malformed parts of tools and agents."""

import asyncio
import functools
import itertools
import json
import os
import time
from collections import Counter
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any

import aiohttp

from benchmarks import aura_server
from benchmarks.soak import fuzz, malformed, processes
from benchmarks.soak.crowd import VOICE_MS, Tally, crowd, talk_until
from benchmarks.soak.tool_caller import ToolCaller
from benchmarks.soak.tool_calls import ANSWER_S, FAST, OPERATOR, CountedTools, ToolTally, offered
from benchmarks.soak.trial import SIMULATED, Running, Scale, TrialOutcome, Trials, aura
from runtime.agents import store
from runtime.agents.config_file import ConfigFileError
from runtime.bus.connection import Bus, connect
from runtime.bus.errors import BusError
from runtime.bus.tool_services import Handler, ServiceCall, serving
from runtime.settings import load
from schemas import events as ev
from schemas.tools import MOST_CALLS, ToolConfig

BAD_CALLERS = 4
"""The number of callers whose tools return malformed results."""
SEED = int(os.environ.get("AURA_BENCH_SEED", "1"))
"""The seed of all that is malformed."""
TURN_S = 1.0
"""The pause between typed turns: a connection may type one a second."""


async def bad_engine(fail: str, scale: Scale) -> TrialOutcome:
    """An engine fails on one job; its caller is told, the others are not affected."""
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
        answered = await unlucky.turn(extra=" poison", timeout_s=20)
        errors = [message for message in unlucky.heard if message["type"] == "error"]
        codes = {error["code"] for error in errors}
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
    expected = bool(codes) or answered  # nonsense counts as a response
    return TrialOutcome(tally.clean and expected and again and told_s <= 15, figures)


async def malformed_sockets(scale: Scale) -> TrialOutcome:
    """100,000 malformed WebSocket messages over each client protocol, beside a good call."""
    async with aura() as run:
        (edge,) = processes.of(run.pid)["edge"]
        fuzzed = await fuzz.sockets(run.urls[0], edge.pid, scale.times(100_000))
        alive = edge.is_running()
    return _fuzzed(fuzzed, alive)


async def malformed_bus(scale: Scale) -> TrialOutcome:
    """100,000 malformed messages on the bus beside a good call."""
    async with aura() as run:
        (worker,) = processes.of(run.pid)["llm"]
        bus = await asyncio.to_thread(aura_server.bus_url, run.pid)
        fuzzed = await fuzz.on_bus(run.urls[0], bus, worker.pid, scale.times(100_000))
        alive = worker.is_running()
    return _fuzzed(fuzzed, alive)


def _fuzzed(fuzzed: fuzz.FuzzResult, alive: bool) -> TrialOutcome:
    figures = {
        "sent": fuzzed.sent,
        "answered": fuzzed.answered,
        "wrong_answers": len(fuzzed.wrong_answers),
        **{f"closed_{code}": count for code, count in fuzzed.closed.items()},
        "good_turns": fuzzed.good_turns,
        "good_turns_lost": fuzzed.good_turns_lost,
        "memory_growth_percent": round(100 * fuzzed.memory_growth, 1),
    }
    good = alive and not fuzzed.wrong_answers and not fuzzed.good_turns_lost
    return TrialOutcome(good and fuzzed.memory_growth < 0.15, figures)


# ---------------------------------------------------------------- results, schemas, files, commands


ReplyCounts = dict[str, int]
"""Counts of replies by kind; unexpected ones are "unclear"."""
Part = Callable[[Running, Bus, int], Coroutine[Any, Any, ReplyCounts]]


async def malformed_part(part: Part, scale: Scale) -> TrialOutcome:
    """2,000 malformed ones of one part, beside good calls."""
    count = scale.times(2000)
    async with aura("--tools", "2", engines=FAST) as run:
        before = processes.pids(run.pid)
        url = await asyncio.to_thread(aura_server.bus_url, run.pid)
        good = CountedTools()
        async with (
            await connect(load(nats_url=url), "trial") as bus,
            serving(bus, [*good.tools, *_bad(count)]),
        ):
            await offered(run)
            stop, tally = asyncio.Event(), ToolTally()
            beside = asyncio.create_task(_good_calls(run, stop, tally))
            outcome = await part(run, bus, count)
            stop.set()
            await beside
        after = processes.pids(run.pid)
    unclear = outcome.pop("unclear", 0)
    figures: dict[str, Any] = {
        "sent": count,
        "wrong_answers": unclear,
        **outcome,
        "good_turns": tally.answered,
        "good_turns_lost": len(tally.lost) + len(tally.mixed),
        "processes_died": before != after,
    }
    held = not (unclear or tally.lost or tally.mixed or before != after) and tally.answered > 0
    return TrialOutcome(held, figures)


def _bad(count: int) -> list[tuple[ToolConfig, Handler]]:
    """Return tools with malformed results; a turn calls all of them."""
    answers = malformed.results(SEED, count)

    async def answer(asked: ServiceCall) -> bytes:
        del asked
        return next(answers, b"")

    return [(ToolConfig(name=f"bad{k}"), answer) for k in range(MOST_CALLS)]


async def _bad_results(run: Running, bus: Bus, count: int) -> ReplyCounts:
    """Callers have the bad tools called; each turn must have a response."""
    del bus
    text = " ".join(f"CALL:bad{k}{{}}" for k in range(MOST_CALLS))
    counts, turns = Counter[str](), iter(range(-(-count // MOST_CALLS)))

    async def talk(http: aiohttp.ClientSession, number: int) -> None:
        caller = ToolCaller(http, run.urls, number)
        await caller.connect()
        for _ in turns:
            await caller.asks(text)
            counts["met" if await caller.answer(ANSWER_S) else "unclear"] += MOST_CALLS
            await asyncio.sleep(TURN_S)
        await caller.leave()

    async with aiohttp.ClientSession() as http, asyncio.TaskGroup() as tasks:
        for number in range(BAD_CALLERS):
            tasks.create_task(talk(http, number))
    return counts


async def _bad_schemas(run: Running, bus: Bus, count: int) -> ReplyCounts:
    """Jobs of tools with malformed schemas: each must have a result or a failure."""
    del run
    counts, waiting = Counter[str](), dict[int, asyncio.Event]()

    async def on_out(message: Any) -> None:
        event = message.event()
        if isinstance(event, ev.ToolReturned | ev.ToolFailed):
            counts["failed" if isinstance(event, ev.ToolFailed) else "returned"] += 1
            waiting.pop(event.turn, asyncio.Event()).set()

    async with bus.listening("aura.live.trial.s_schemas.out", on_out):
        for number, text in enumerate(malformed.schemas(SEED, count), start=1):
            try:
                schema = json.loads(text)
            except (ValueError, RecursionError):
                counts["no JSON"] += 1
                continue
            if not isinstance(schema, dict) or len(text) > 60_000:
                counts["no schema"] += 1
                continue
            waiting[number] = coming = asyncio.Event()
            try:
                await bus.publish(_request(number, schema))
                if number % 16 == 0:
                    await asyncio.wait_for(coming.wait(), 30)
            except (BusError, TimeoutError):
                counts["unclear"] += 1
        with suppress(TimeoutError):
            async with asyncio.timeout(60):
                for coming in list(waiting.values()):
                    await coming.wait()
    counts["unclear"] += len(waiting)
    return counts


def _request(number: int, schema: dict[str, Any]) -> ev.ToolRequested:
    now_ms = time.time_ns() // 1_000_000
    return ev.ToolRequested(
        tenant="trial",
        session="s_schemas",
        at_ms=now_ms,
        turn=number,
        step=0,
        call=0,
        tool=ToolConfig(name="ask", parameters=schema, idempotent=True),
        arguments=json.dumps({"tag": "s", "n": "a" * 60 + "!"}),
        deadline_ms=now_ms + 10_000,
    )


async def _bad_files(run: Running, bus: Bus, count: int) -> ReplyCounts:
    """Malformed files that an operator applies: each is refused with its line, or applied."""
    del run
    counts = Counter[str]()
    for kind, good in ((store.AGENT, malformed.AGENT), (store.TENANT, malformed.TENANT)):
        for text in malformed.files(SEED, count // 2, good):
            try:
                await store.apply(bus, "", "fuzzed", text, kind)
                counts["applied"] += 1
            except ConfigFileError as error:
                counts["refused" if error.line > 0 else "unclear"] += 1
            except (BusError, UnicodeEncodeError):
                counts["unclear"] += 1
    return counts


async def _bad_commands(run: Running, bus: Bus, count: int) -> ReplyCounts:
    """Malformed commands over HTTP to a running call: each gets an error with a code."""
    del bus
    counts = Counter[str]()
    head = {"Authorization": f"Bearer {OPERATOR}"}
    async with aiohttp.ClientSession() as http:
        caller = ToolCaller(http, run.urls, 0)
        await caller.connect()
        for action, more, body in malformed.commands(SEED, count):
            url = f"{run.urls[0]}/v1/calls/{caller.session}/{action}"
            async with http.post(url, data=body, headers={**head, **more}) as answer:
                clear = 400 <= answer.status < 500 and bool((await answer.json()).get("code"))
                counts[str(answer.status) if clear else "unclear"] += 1
        await caller.asks('CALL:ask{"tag":"after"}')
        counts["unclear"] += "#after" not in (await caller.answer(ANSWER_S) or "")
        await caller.leave()
    return counts


async def _good_calls(run: Running, stop: asyncio.Event, tally: ToolTally) -> None:
    async with aiohttp.ClientSession() as http:
        caller = ToolCaller(http, run.urls, 1)
        await caller.connect()
        for number in itertools.count():
            if stop.is_set():
                break
            await caller.asks(f'CALL:ask{{"tag":"g{number}"}}')
            response = await caller.answer(ANSWER_S)
            if response is None or f"#g{number}" not in response:
                tally.lost.append(f"g{number}: {response}")
            else:
                tally.answered += 1
            await asyncio.sleep(TURN_S)
        await caller.leave()


TRIALS: Trials = {
    **{
        f"a job on which an engine fails ({fail})": functools.partial(bad_engine, fail)
        for fail in ("raise", "hang", "nonsense", "exit")
    },
    "malformed WebSocket messages": malformed_sockets,
    "malformed bus messages": malformed_bus,
    **{
        f"malformed {name}": functools.partial(malformed_part, part)
        for name, part in {
            "results of tools": _bad_results,
            "schemas of tools": _bad_schemas,
            "agents and tenants": _bad_files,
            "commands to calls": _bad_commands,
        }.items()
    },
}
