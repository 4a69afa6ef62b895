"""Blocking work behind the loop: order, room for what is urgent, and what hangs."""

from __future__ import annotations

import asyncio
import threading

import pytest

from workers.desk import Desk
from workers.stage import EngineHungError


async def test_urgent_work_goes_in_front_of_what_waits() -> None:
    desk, done, gate = Desk(1, limit_s=5), [], threading.Event()
    first = asyncio.create_task(desk.run(gate.wait))
    await asyncio.sleep(0)
    tasks = [asyncio.create_task(desk.run(done.append, rank, rank=rank)) for rank in (2, 1, 0)]
    await asyncio.sleep(0)
    assert desk.waiting == 3
    gate.set()
    await asyncio.gather(first, *tasks)
    assert done == [0, 1, 2]


async def test_what_can_wait_leaves_a_place_for_what_cannot() -> None:
    desk, gate = Desk(2, limit_s=5), threading.Event()
    slow = [asyncio.create_task(desk.run(gate.wait, rank=1)) for _ in range(2)]
    await asyncio.sleep(0)
    assert desk.waiting == 1
    assert await desk.run(lambda: "at once") == "at once"
    gate.set()
    await asyncio.gather(*slow)


async def test_a_caller_that_left_gives_its_place_back() -> None:
    desk, gate = Desk(1, limit_s=5), threading.Event()
    first = asyncio.create_task(desk.run(gate.wait))
    await asyncio.sleep(0)
    waiting = asyncio.create_task(desk.run(lambda: "never"))
    await asyncio.sleep(0)
    waiting.cancel()
    first.cancel()
    gate.set()
    assert await desk.run(lambda: "still works") == "still works"


async def test_an_engine_that_does_not_come_back_is_told_of() -> None:
    desk, gate = Desk(1, limit_s=0.01), threading.Event()
    with pytest.raises(EngineHungError):
        await desk.run(gate.wait)
    gate.set()


async def test_an_error_of_the_engine_reaches_its_caller() -> None:
    desk = Desk(1, limit_s=5)
    with pytest.raises(ZeroDivisionError):
        await desk.run(lambda: 1 / 0)


async def test_it_tells_how_long_urgent_work_has_waited() -> None:
    desk, gate = Desk(1, limit_s=5), threading.Event()
    first = asyncio.create_task(desk.run(gate.wait))
    await asyncio.sleep(0)
    later = [asyncio.create_task(desk.run(int, rank=rank)) for rank in (0, 1)]
    await asyncio.sleep(0.05)
    assert 40 <= desk.wait_ms < 1000
    later[0].cancel()
    await asyncio.sleep(0)
    assert desk.wait_ms == 0
    gate.set()
    await asyncio.gather(first, later[1])
