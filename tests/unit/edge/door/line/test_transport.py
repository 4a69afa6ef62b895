"""The messages of a line, and its end."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator

import pytest

from edge.core.messages.inputs import Played
from edge.door.limits.budgets import Budgets
from edge.door.limits.common_bounds import MOST_CLIENT_BYTES
from edge.door.limits.costs import Costs
from edge.door.limits.pace import Pace
from edge.door.limits.work_queue import WorkQueue
from edge.door.line.transport import MOST_UNREAD_MESSAGES, LineTransport
from tests.unit.edge.door.connection.told_connection import ToldConnection


@pytest.fixture
def line() -> Iterator[LineTransport]:
    with Budgets(Costs()).opened("a", time.monotonic()) as budget:
        yield LineTransport(Pace(budget, WorkQueue(), str))


async def read(line: LineTransport) -> list[str | bytes]:
    async with asyncio.timeout(5):
        return [message async for message in line.messages()]


async def test_a_reader_of_a_closed_line_reads_no_more(line: LineTransport) -> None:
    reading = asyncio.create_task(read(line))
    await asyncio.sleep(0)
    await line.close(code=1000, message=b"")
    line.arrived("late")
    assert await reading == []


async def test_messages_that_nobody_reads_close_the_line_once(line: LineTransport) -> None:
    connection = line.connection = ToldConnection()
    for _ in range(MOST_UNREAD_MESSAGES):
        line.arrived("hi")
    assert not connection.excess
    for _ in range(2):
        line.arrived("hi")
        line.left()
    assert connection.excess == ["messages come faster than they are read"]
    assert await read(line) == []


async def test_a_line_commands_its_connection_only_while_that_reads(line: LineTransport) -> None:
    connection = line.connection = ToldConnection()
    line.commanded([Played(1, 20)])
    line.connection = None
    line.commanded([Played(1, 40)])
    assert connection.given == [Played(1, 20)]
    line.arrived("hi")
    line.left()
    assert await read(line) == ["hi"]


async def test_a_client_that_leaves_ends_the_reading(line: LineTransport) -> None:
    reading = asyncio.create_task(read(line))
    await asyncio.sleep(0)
    line.arrived("hi")
    await asyncio.sleep(0)
    line.left()
    assert await reading == ["hi"]


async def test_what_came_before_the_client_left_is_still_read(line: LineTransport) -> None:
    reading = asyncio.create_task(read(line))
    await asyncio.sleep(0)
    for message in ("append", "commit"):
        line.arrived(message)
    line.left()
    line.arrived("late")
    assert await reading == ["append", "commit"]


async def test_text_of_any_script_waits_by_its_bytes(line: LineTransport) -> None:
    connection = line.connection = ToldConnection()
    for _ in range(2):
        line.arrived("ख" * (MOST_CLIENT_BYTES // 5))
    assert connection.excess == ["messages come faster than they are read"]
