"""A scoped task ends with its block, and its fault is told once, wherever the block ends."""

from __future__ import annotations

import asyncio
import gc
import weakref
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any

import pytest
from structlog.testing import capture_logs

from runtime.tasks import cancel, restarting, scoped_task, shielded


class BrokenError(Exception):
    """A fault of the work."""


class Held:
    """What the work holds."""


async def breaks() -> None:
    raise BrokenError


async def in_block() -> None:
    async with scoped_task(holding([])):
        await asyncio.sleep(0)


async def in_shield() -> None:
    await shielded(holding([]))


HELD: list[weakref.ref[Held]] = []


async def holding(found: list[Held]) -> None:
    found.append(Held())
    HELD.append(weakref.ref(found[0]))
    raise BrokenError


@pytest.mark.parametrize("failing", [in_block, in_shield])
async def test_nothing_of_work_that_failed_waits_for_the_garbage_collector(
    failing: Callable[[], Coroutine[Any, Any, None]],
) -> None:
    gc.disable()
    try:
        with suppress(BrokenError):
            await failing()
        await asyncio.sleep(0)  # the loop has the result until then
        assert HELD.pop()() is None
    finally:
        gc.enable()


async def test_work_is_cancelled_and_has_ended_when_the_block_is_left() -> None:
    ended = []

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            ended.append(True)

    async with scoped_task(work()) as task:
        await asyncio.sleep(0)
    assert task.cancelled()
    assert ended == [True]


async def test_a_fault_lets_the_block_come_to_its_end_and_is_raised_then() -> None:
    ends = []

    async def block() -> None:
        async with scoped_task(breaks()) as task:
            await asyncio.wait({task})
            await asyncio.sleep(0)
            ends.append(True)

    with pytest.raises(BrokenError):
        await block()
    assert ends == [True]


async def test_the_fault_of_the_block_goes_before_that_of_the_work() -> None:
    async def block() -> None:
        async with scoped_task(breaks()) as task:
            await asyncio.wait({task})
            raise ZeroDivisionError

    with capture_logs() as logs, pytest.raises(ZeroDivisionError):
        await block()
    assert [line["event"] for line in logs] == ["task_broken"]


async def test_work_that_is_done_gives_its_result() -> None:
    async with scoped_task(asyncio.sleep(0, "done")) as task:
        await asyncio.wait({task})
    assert task.result() == "done"


async def test_a_block_that_is_cancelled_ends_its_work() -> None:
    tasks = []

    async def hold() -> None:
        async with scoped_task(asyncio.Event().wait()) as task:
            tasks.append(task)
            await asyncio.Event().wait()

    holding = asyncio.create_task(hold())
    while not tasks:
        await asyncio.sleep(0)
    holding.cancel()
    await asyncio.wait({holding})
    assert holding.cancelled()
    assert tasks[0].cancelled()


async def test_a_cancellation_that_was_lost_is_repeated() -> None:
    async def loses_one() -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:  # as `wait_for` does where its result comes as well
            await asyncio.Event().wait()

    task = asyncio.create_task(loses_one())
    await asyncio.sleep(0)
    await cancel({task}, retry_s=0)
    assert task.cancelled()


async def test_shielded_work_gives_its_result_or_its_fault() -> None:
    assert await shielded(asyncio.sleep(0, "done")) == "done"
    with pytest.raises(BrokenError):
        await shielded(breaks())


async def test_shielded_work_goes_on_through_every_cancellation() -> None:
    ends, may_end = [], asyncio.Event()

    async def work() -> None:
        await may_end.wait()
        ends.append(True)

    waiting = asyncio.create_task(shielded(work()))
    for _ in range(3):
        await asyncio.sleep(0)
        waiting.cancel()
    await asyncio.sleep(0)
    assert not waiting.done()
    may_end.set()
    await asyncio.wait({waiting})
    assert waiting.cancelled()
    assert ends == [True]


async def test_the_fault_of_shielded_work_is_logged_where_its_waiter_was_cancelled() -> None:
    may_break = asyncio.Event()

    async def work() -> None:
        await may_break.wait()
        raise BrokenError

    waiting = asyncio.create_task(shielded(work()))
    await asyncio.sleep(0)
    waiting.cancel()
    may_break.set()
    with capture_logs() as logs:
        await asyncio.wait({waiting})
    assert waiting.cancelled()
    assert [line["event"] for line in logs] == ["task_broken"]


async def test_work_that_fails_is_logged_and_started_again_beside_the_work_that_goes_on() -> None:
    begun = 0

    async def work() -> None:
        nonlocal begun
        begun += 1
        if begun < 3:
            raise BrokenError

    with capture_logs() as logs:
        async with asyncio.TaskGroup() as tasks:
            beside_it = tasks.create_task(asyncio.sleep(0, "whole"))
            tasks.create_task(restarting(work, restart_s=0))
    assert (begun, beside_it.result()) == (3, "whole")
    assert [line["event"] for line in logs] == ["task_broken"] * 2


async def test_work_that_is_cancelled_is_not_started_again() -> None:
    begun = 0

    async def work() -> None:
        nonlocal begun
        begun += 1
        await asyncio.Event().wait()

    async with scoped_task(restarting(work, restart_s=0)) as task:
        await asyncio.sleep(0)
    assert task.cancelled()
    assert begun == 1
