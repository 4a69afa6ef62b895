"""Language models are told what prompts begin with: when they ask, and when it changes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from edge.door.opening.likely_prompts import MOST_ANSWER_BYTES, LikelyPrompts
from edge.door.state import Edge
from runtime.agents import store
from runtime.bus.connection import Bus
from runtime.bus.delivery import Delivery
from runtime.bus.errors import BusAwayError
from runtime.bus.prompts import likely
from schemas import codec, subjects
from schemas.prompts import MOST_PROMPTS, PromptsReply
from tests.edge_in_process import an_edge


@asynccontextmanager
async def telling(
    bus: Bus, most_bytes: int = MOST_ANSWER_BYTES
) -> AsyncIterator[tuple[Edge, asyncio.Queue[PromptsReply]]]:
    """Yield an edge that tells of prompts soon after a change, and what it tells unasked."""
    told: asyncio.Queue[PromptsReply] = asyncio.Queue()

    async def on_told(message: Delivery) -> None:
        told.put_nowait(codec.decode_as(PromptsReply, message.data))

    async with (
        an_edge(bus, greeting="Welcome.") as edge,
        bus.listening(subjects.PROMPTS_NOW, on_told),
        asyncio.TaskGroup() as tasks,
    ):
        openings = edge.services.openings
        likely_prompts = LikelyPrompts(
            bus, edge.agents, edge.tools, openings, wait_s=0.05, most_bytes=most_bytes
        )
        serving = [
            tasks.create_task(one)
            for one in (edge.agents.watch(), edge.tools.watch(), likely_prompts.serve())
        ]
        yield edge, told
        for task in serving:
            task.cancel()


def systems(reply: PromptsReply) -> list[str]:
    return [one.system for one in reply.prompts]


async def next_of(told: asyncio.Queue[PromptsReply]) -> PromptsReply:
    async with asyncio.timeout(5):
        return await told.get()


async def test_who_asks_is_told_of_the_agents_applied_last_each_beginning_once(bus: Bus) -> None:
    for name in ("host", "same_as_host", "cook"):
        await store.apply(bus, "", name, f"prompt: {name.removeprefix('same_as_')}")
    async with telling(bus) as (_, told):
        await next_of(told)
        reply = await likely(bus)
    assert sorted(systems(reply)) == ["cook", "host"]
    assert {one.greeting for one in reply.prompts} == {"Welcome."}


async def test_a_changed_agent_is_told_to_all_at_once_and_changes_together(bus: Bus) -> None:
    async with telling(bus) as (_, told):
        await next_of(told)  # of the beginning
        await store.apply(bus, "", "host", "prompt: one")
        await store.apply(bus, "", "host", "prompt: two")
        reply = await next_of(told)
        while systems(reply) != ["two"]:
            reply = await next_of(told)
        await asyncio.sleep(0.1)
        assert told.empty()


async def test_a_changed_tool_is_told_too(bus: Bus) -> None:
    async with telling(bus) as (edge, told):
        await next_of(told)
        async with asyncio.timeout(5):
            await edge.tools.searched.wait()
        edge.tools.changed.set()
        assert systems(await next_of(told)) == []


async def test_an_answer_has_no_more_beginnings_than_a_message_holds(bus: Bus) -> None:
    for number in range(MOST_PROMPTS + 1):
        await store.apply(bus, "", f"n{number}", f"prompt: {'x' * 30_000}{number}")
    async with telling(bus, most_bytes=70_000) as (_, told):
        await next_of(told)
        reply = await likely(bus)
    assert [text[-1] for text in systems(reply)] == ["4", "3"], "the likeliest first"


async def test_a_message_that_expects_no_answer_is_ignored(bus: Bus) -> None:
    async with telling(bus) as (_, told):
        await next_of(told)
        await bus.send_raw(subjects.PROMPTS, b"")
        assert await likely(bus) == PromptsReply()


async def test_without_an_edge_nobody_knows(bus: Bus) -> None:
    with pytest.raises(BusAwayError, match="no edge"):
        await likely(bus)
