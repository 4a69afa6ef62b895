"""The queue of an edge: one piece in each round of the loop, whoever waits."""

from __future__ import annotations

import asyncio
import time

import pytest

from edge.door.limits.connection_budget import Budgets
from edge.door.limits.costs import BURST_FRAMES, Costs
from edge.door.limits.fair_queue import Place
from edge.door.limits.pace import QUEUE_AT_ONCE_S, QUEUE_SHARE, ROUND_S, Pace, WorkQueue


async def rounds(count: int) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


async def test_one_piece_begins_in_each_round_in_the_order_of_asking() -> None:
    queue, done = WorkQueue(), []
    for number in range(5):
        queue.call("a", lambda number=number: done.append(number))  # type: ignore[misc]  # a default
    for number in range(1, 6):
        await asyncio.sleep(0)
        assert done == list(range(number))


async def test_many_in_the_queue_leave_every_round_to_a_live_call() -> None:
    """A hundred connections with endless work: a live call's turn comes after one piece of one."""
    queue, pieces = WorkQueue(), 0

    async def flood() -> None:
        nonlocal pieces
        while True:
            await queue.turn("a")
            pieces += 1

    floods = [asyncio.create_task(flood()) for _ in range(100)]
    await rounds(20)
    before = pieces
    await asyncio.sleep(0)
    assert pieces - before <= 1
    for task in floods:
        task.cancel()
    await asyncio.gather(*floods, return_exceptions=True)


async def test_who_left_the_queue_does_not_hold_it_up() -> None:
    queue = WorkQueue()
    gone = asyncio.create_task(queue.turn("a"))
    await asyncio.sleep(0)
    gone.cancel()
    async with asyncio.timeout(1):
        await queue.turn("a")
        await queue.turn("a")


async def test_a_piece_that_fails_does_not_stop_the_queue() -> None:
    loop, queue, told = asyncio.get_running_loop(), WorkQueue(), []
    loop.set_exception_handler(lambda _, context: told.append(context["exception"]))
    queue.call("a", lambda: 1 / 0)  # type: ignore[arg-type]  # what fails returns nothing
    async with asyncio.timeout(1):
        await queue.turn("a")
    assert [type(error) for error in told] == [ZeroDivisionError]


async def test_the_address_that_has_had_the_least_is_next() -> None:
    queue, begun = WorkQueue(), []
    queue.worked("a", 0.1)
    for address in ("a", "a", "b", "c"):
        queue.call(address, lambda address=address: begun.append(address))  # type: ignore[misc]  # a default
    await rounds(5)
    assert begun == ["b", "c", "a", "a"]


async def test_a_live_connection_waits_behind_no_burst() -> None:
    queue, begun = WorkQueue(), []
    queue.worked("a", 0.1)
    for address, place in (("b", Place.FAIR), ("a", Place.NEXT), ("c", Place.FAIR)):
        queue.call(address, lambda address=address: begun.append(address), place)  # type: ignore[misc]  # a default
    queue.worked("b", 0.1)
    queue.call("b", lambda: begun.append("later"))
    queue.call("a", lambda: begun.append("with a token"), Place.FIRST)
    await rounds(6)
    assert begun == ["with a token", "b", "a", "c", "later"]


@pytest.mark.parametrize("stranger", [True, False])
async def test_a_round_in_which_many_worked_leaves_strangers_to_the_next(*, stranger: bool) -> None:
    queue, clock = WorkQueue(), [0.0]
    with Budgets(Costs()).opened("a", 0.0) as budget, Budgets(Costs()).opened("b", 0.0) as other:
        here, there = (Pace(one, queue, str, lambda: clock[0]) for one in (budget, other))
        here.has_more = lambda: True
        budget.stranger = stranger
        turn = asyncio.create_task(here.breathe())
        clock[0] += 2 * ROUND_S
        there.worked(0.0)
        assert queue.round_is_full
        await rounds(1)
        assert turn.done() is not stranger
        await turn
        assert not queue.round_is_full
        there.worked(0.0)
        again = asyncio.create_task(here.breathe())
        await rounds(1)
        assert again.done(), "it had its turn"


async def test_the_queue_leaves_a_share_of_the_loop_to_live_calls() -> None:
    loop, queue = asyncio.get_running_loop(), WorkQueue()
    queue.worked("a", QUEUE_AT_ONCE_S + 0.05)
    began_s = loop.time()
    await queue.turn("b")
    assert loop.time() - began_s > 0.05 / QUEUE_SHARE / 2


@pytest.mark.parametrize(
    ("frames", "work_s", "has_more", "waits"),
    [
        (25, 0.002, False, False),  # a live caller: it never waits for bursts
        (25, 0.0005, True, False),
        (25, 0.002, True, True),
        (BURST_FRAMES + 1, 0.0, False, True),
    ],
)
async def test_a_burst_takes_the_queue(
    *, frames: int, work_s: float, has_more: bool, waits: bool
) -> None:
    queue = WorkQueue()
    queue.call("other", lambda: None)
    with Budgets(Costs()).opened("a", time.monotonic()) as budget:
        pace = Pace(budget, queue, str)
        pace.has_more = lambda: has_more
        budget.frames += frames
        pace.worked(time.perf_counter() - work_s)
        turn = asyncio.create_task(pace.turn())
        await rounds(1)
        assert turn.done() is not waits
        await turn


async def test_long_messages_are_read_one_after_the_other() -> None:
    queue, at_once, most = WorkQueue(), 0, 0

    def read() -> None:
        nonlocal at_once, most
        at_once += 1
        most = max(most, at_once)
        time.sleep(0.01)
        at_once -= 1

    with Budgets(Costs()).opened("a", 0.0) as budget:
        pace = Pace(budget, queue, str)
        await asyncio.gather(*(pace.off_loop(read) for _ in range(4)))
        assert most == 1
        assert budget.work_s > 0.03


async def test_a_debt_is_waited_for() -> None:
    budgets = Budgets(Costs(frames_a_second=1000))
    loop = asyncio.get_running_loop()
    with budgets.opened("a", loop.time()) as budget:
        pace = Pace(budget, WorkQueue(), str)
        budget.frames += 20_200
        began_s = loop.time()
        await pace.turn()
        assert loop.time() - began_s > 0.1
