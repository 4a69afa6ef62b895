"""Work of a connection that fails ends this connection, and no other call."""

from __future__ import annotations

import asyncio

from edge.door.connection.call_boundary import contained


class Closed:
    """A connection that notes its end."""

    def __init__(self) -> None:
        self.failed = 0

    def call_failed(self) -> None:
        self.failed += 1


async def breaks() -> None:
    raise LookupError


async def works() -> None:
    await asyncio.sleep(0)


async def waits() -> None:
    await asyncio.Event().wait()


async def test_a_failure_ends_its_connection_and_nothing_beside_it() -> None:
    broken, other = Closed(), Closed()
    async with asyncio.TaskGroup() as tasks:
        beside = tasks.create_task(contained(works(), other))
        tasks.create_task(contained(breaks(), broken))
    assert (broken.failed, other.failed) == (1, 0)
    assert beside.done()
    assert not beside.cancelled()


async def test_work_that_is_cancelled_did_not_fail() -> None:
    closed = Closed()
    waiting = asyncio.create_task(contained(waits(), closed))
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.wait({waiting})
    assert waiting.cancelled()
    assert closed.failed == 0
