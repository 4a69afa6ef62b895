"""Work of a connection that fails ends this connection, and no other call."""

from __future__ import annotations

import asyncio

from edge.door.connection.call_boundary import contained
from tests.unit.edge.call.told_client import ToldClient


async def breaks() -> None:
    raise LookupError


async def works() -> None:
    await asyncio.sleep(0)


async def waits() -> None:
    await asyncio.Event().wait()


async def test_a_failure_ends_its_connection_and_nothing_beside_it() -> None:
    broken, other = ToldClient(), ToldClient()
    async with asyncio.TaskGroup() as tasks:
        beside = tasks.create_task(contained(works(), other))
        tasks.create_task(contained(breaks(), broken))
    assert (broken.noted, other.noted) == (["failed"], [])
    assert beside.done()
    assert not beside.cancelled()


async def test_work_that_is_cancelled_did_not_fail() -> None:
    closed = ToldClient()
    waiting = asyncio.create_task(contained(waits(), closed))
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.wait({waiting})
    assert waiting.cancelled()
    assert not closed.noted
