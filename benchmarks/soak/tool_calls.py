"""A trial: tool calls while the processes that run them are killed."""

import asyncio
import json
import random
import re
from collections import Counter
from collections.abc import Callable, Coroutine, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from benchmarks import aura_server
from benchmarks.soak import processes
from benchmarks.soak.tool_caller import ToolCaller
from benchmarks.soak.trial import SIMULATED, Running, Scale, TrialOutcome, Trials, aura
from runtime.bus.connection import Bus, connect
from runtime.bus.tool_services import Handler, ServiceCall, serving
from runtime.sessions.finding import decoded
from runtime.settings import load
from schemas import events as ev
from schemas.tools import ToolConfig

CALLERS = 8
_TAG = re.compile(r"#k\w+")
Kill = Callable[[asyncio.Event], Coroutine[Any, Any, Counter[str]]]
"""Kills one process after another until the event; returns how many of which."""
KILLED = ("llm", "tool", "edge")
EVERY_S = (1.0, 2.5)
"""The pause between two kills; `aura up` restarts a worker after 4 s if others serve its stage."""
ANSWER_S = 30.0
GOES_ON_S = 6.0
"""The wait for the rest of a response after a reconnect, before the caller asks again."""
OPERATOR = "an operator's token of 32 characters or more"
FAST = {
    **SIMULATED,
    "AURA_TOOLS": "discover",
    "AURA_SIM_LLM_FIRST_MS": "20",
    "AURA_SIM_LLM_TOKEN_MS": "1",
    "AURA_SIM_TTS_MS": "10",
    "AURA_SIM_TTS_AUDIO_MS": "100",
    "AURA_CONTROL_MESSAGES_PER_SECOND": "1000",
    "AURA_RECONNECTS_PER_MINUTE": "1000",
    "AURA_MAX_SESSIONS_PER_USER": "1000",
    "AURA_JOINS_PER_MINUTE_PER_IP": "100000",
    "AURA_API_REQUESTS_PER_MINUTE": "10000000",
    "AURA_OPERATOR_TOKEN": OPERATOR,
}


@dataclass
class CountedTools:
    """Two tools, one idempotent and one not, and their calls."""

    made: Counter[str] = field(default_factory=Counter)
    """Calls of the one that is not idempotent, by their keys."""
    tags: set[str] = field(default_factory=set)
    """Calls of the idempotent one."""

    async def book(self, asked: ServiceCall) -> bytes:
        tag = json.loads(asked.arguments)["tag"]
        self.made[asked.headers["Idempotency-Key"]] += 1
        await asyncio.sleep(random.uniform(0.3, 1.5))
        return json.dumps({"booked": f"#{tag}"}).encode()

    async def ask(self, asked: ServiceCall) -> bytes:
        tag = json.loads(asked.arguments)["tag"]
        self.tags.add(tag)
        await asyncio.sleep(random.uniform(0.3, 1.5))
        return f"#{tag}".encode()

    @property
    def tools(self) -> list[tuple[ToolConfig, Handler]]:
        repeated = ToolConfig(name="ask", idempotent=True, timeout_ms=25_000)
        return [(ToolConfig(name="book", timeout_ms=25_000), self.book), (repeated, self.ask)]


@dataclass
class ToolTally:
    """The counts of all callers."""

    answered: int = 0
    asked_again: int = 0
    lost: list[str] = field(default_factory=list)
    mixed: list[str] = field(default_factory=list)
    """Responses with the result of another call."""


async def killed_calls(scale: Scale) -> TrialOutcome:
    """kill -9 of language models, tool runners and edges at random moments over 200 calls."""
    service, calls = CountedTools(), scale.times(200)
    async with aura("--llm", "2", "--tools", "2", edges=2, engines=FAST) as run:
        url = await asyncio.to_thread(aura_server.bus_url, run.pid)
        async with await connect(load(nats_url=url), "trial") as bus, serving(bus, service.tools):
            return await under_kills(
                run, bus, calls, service.made, lambda stop: _kill(run.pid, stop)
            )


async def under_kills(
    run: Running,
    bus: Bus,
    calls: int,
    made: Mapping[str, int],
    kill: Kill,
) -> TrialOutcome:
    """Hold *calls* while *kill* kills; *made* counts what must not be made twice."""
    tally, stop = ToolTally(), asyncio.Event()
    await offered(run)
    killing = asyncio.create_task(kill(stop))
    sessions = await _hold(run, calls, tally)
    stop.set()
    kills = await killing
    await asyncio.sleep(3)
    counts = _of_logs([decoded(await bus.session_events(session)) for session in sessions])
    twice = [key for key, count in made.items() if count > 1]
    figures = {
        "calls": calls,
        "kills": dict(kills),
        "answered": tally.answered,
        "asked_again": tally.asked_again,
        "lost": len(tally.lost),
        "run_twice": len(twice),
        "mixed": len(tally.mixed),
        **counts,
        "why": (tally.lost + tally.mixed + twice)[:5],
    }
    wrong = counts["without_result"] + counts["wrong_turn"]
    held = not (tally.lost or twice or tally.mixed or wrong)
    return TrialOutcome(held, figures)


def _of_logs(logs: list[list[ev.AnyEvent]]) -> dict[str, int]:
    """Return the counts in the logs: requested calls, and tags without a result."""
    names = ("requested", "without_result", "unknown", "asks_late", "not_called", "wrong_turn")
    counts = Counter[str](dict.fromkeys(names, 0))
    for log in logs:
        asked = {_key(event) for event in log if isinstance(event, ev.ToolRequested)}
        results = [event for event in log if isinstance(event, ev.ToolReturned | ev.ToolFailed)]
        counts["requested"] += len(asked)
        counts["without_result"] += len(asked - {_key(event) for event in results})
        failed = [
            (event.name, event.reason) for event in results if isinstance(event, ev.ToolFailed)
        ]
        counts["unknown"] += sum(reason == "unknown_outcome" for _, reason in failed)
        counts["asks_late"] += failed.count(("ask", "timeout"))
        called = {event.turn for event in log if isinstance(event, ev.ToolCalled)}
        counts["not_called"] += sum(
            "CALL:" in event.text and event.turn not in called
            for event in log
            if isinstance(event, ev.TurnCommitted)
        )
        known = {
            tag: event.turn
            for event in results
            if isinstance(event, ev.ToolReturned)
            for tag in _TAG.findall(event.result)
        }
        counts["wrong_turn"] += sum(
            known.get(tag, event.turn + 1) > event.turn
            for event in log
            if isinstance(event, ev.ResponseSentence)
            for tag in _TAG.findall(event.text)
        )
    return dict(counts)


def _key(event: ev.ToolRequested | ev.ToolReturned | ev.ToolFailed) -> tuple[int, int, int]:
    return event.turn, event.step, event.call


async def _hold(run: Running, calls: int, tally: ToolTally) -> list[str]:
    """Hold the calls of all callers; return their sessions."""
    numbers = iter(range(calls))

    async def talk(caller: ToolCaller) -> None:
        await caller.connect()
        for number in numbers:
            await _one(caller, number, tally)
            await asyncio.sleep(random.uniform(0.3, 1.5))
        await caller.leave()

    async with aiohttp.ClientSession() as http:
        callers = [ToolCaller(http, run.urls, number) for number in range(CALLERS)]
        async with asyncio.TaskGroup() as tasks:
            for caller in callers:
                tasks.create_task(talk(caller))
    return [caller.session for caller in callers]


async def _one(caller: ToolCaller, number: int, tally: ToolTally) -> None:
    """Ask until there is a response; ask again after a lost connection."""
    tags: list[str] = []
    for attempt in range(6):
        tags.append(f"k{number}x{attempt}")
        name = "book" if number % 2 else "ask"
        await caller.asks(f'CALL:{name}{{"tag":"{tags[-1]}"}}')
        if await _answer(caller, {f"#{tag}" for tag in tags}, tally) is not None:
            caller.tags.update(f"#{tag}" for tag in tags)
            tally.answered += 1
            return
        tally.asked_again += 1
    tally.lost.append(", ".join(tags))


async def _answer(caller: ToolCaller, mine: set[str], tally: ToolTally) -> str | None:
    """Return the response to a question tagged *mine*; None: the connection was lost.

    After a reconnect the rest of the earlier response comes first.
    """
    response, came_back = await caller.answer(ANSWER_S), False
    while True:
        if response is None:
            if not caller.cut_off:
                return None
            await caller.connect()
            came_back = True
            response = await caller.answer(GOES_ON_S)
            continue
        theirs = {word.strip(".,") for word in response.replace('"', " ").split() if "#k" in word}
        if theirs <= mine:
            return response
        if not (came_back and theirs <= caller.tags):
            tally.mixed.append(f"{sorted(mine)}: {response}")
            return response
        response = await caller.answer(GOES_ON_S)


async def _kill(pid: int, stop: asyncio.Event) -> Counter[str]:
    killed: Counter[str] = Counter()
    while not stop.is_set():
        with suppress(TimeoutError):
            async with asyncio.timeout(random.uniform(*EVERY_S)):
                await stop.wait()
        role = random.choice(KILLED)
        running = processes.of(pid).get(role, [])
        if running and not stop.is_set():
            random.choice(running).kill()
            killed[role] += 1
    return killed


async def offered(run: Running) -> None:
    """Wait until each edge knows the tools."""
    for url in run.urls:
        async with asyncio.timeout(60), aiohttp.ClientSession() as http:
            known = False
            while not known:
                caller = ToolCaller(http, [url], 0)
                await caller.connect()
                await caller.asks('CALL:ask{"tag":"known"}')
                known = "#known" in (await caller.answer(ANSWER_S) or "")
                await caller.leave()


TRIALS: Trials = {
    "kill -9 of language models, tool runners and edges over 200 calls of tools": killed_calls,
}
