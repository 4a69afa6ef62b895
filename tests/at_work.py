"""A stage at work on a test's bus: a job for it, its worker, and what is stored of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from runtime.bus.connection import Bus
from runtime.bus.reader import Stored
from schemas import codec, subjects
from schemas.events import Kind, TurnTaken
from tests.neutral import taken
from workers.loop.stage import Stage
from workers.loop.worker_loop import Worker

TENANT = "t"


def turn(session: str, **said: Any) -> TurnTaken:
    """Return a job for the language model, of tenant `t`; *said* is what matters of it."""
    return taken(tenant=TENANT, session=session, **said)


@asynccontextmanager
async def working(bus: Bus, stage: Stage[Any], slots: int = 2) -> AsyncIterator[None]:
    stop = asyncio.Event()
    running = asyncio.create_task(Worker(bus, stage, slots, drain_s=1).run(stop))
    try:
        yield
    finally:
        stop.set()
        await running


async def stored(bus: Bus, session: str, kind: Kind) -> list[Stored]:
    return await bus.read(subjects.EVENTS_STREAM, subjects.session_events(TENANT, session, kind))


async def types(bus: Bus, session: str, kind: Kind) -> list[str]:
    return [one.headers[codec.TYPE_HEADER] for one in await stored(bus, session, kind)]


async def until_all_done(bus: Bus, consumer: str) -> None:
    """Wait until *consumer* was given all events that are for it, and has acknowledged each."""
    async with asyncio.timeout(30):
        while True:
            info = await bus.api(f"CONSUMER.INFO.{subjects.EVENTS_STREAM}.{consumer}")
            if not info["num_pending"] and not info["num_ack_pending"]:
                return
            await asyncio.sleep(0.05)


async def until_logged(bus: Bus, session: str, kind: Kind, type_: str) -> None:
    async with asyncio.timeout(30):
        while type_ not in await types(bus, session, kind):
            await asyncio.sleep(0.05)
