"""The lane of an edge: one piece in each round of the loop, whoever waits."""

from __future__ import annotations

import asyncio

from edge.door.limits.connection_budget import Budgets, Costs
from edge.door.limits.pace import Lane, Pace


async def rounds(count: int) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


async def test_one_piece_begins_in_each_round_in_the_order_of_asking() -> None:
    lane, done = Lane(), []
    for number in range(5):
        lane.call(lambda number=number: done.append(number))  # type: ignore[misc]  # a default
    for number in range(1, 6):
        await asyncio.sleep(0)
        assert done == list(range(number))


async def test_many_in_the_lane_leave_every_round_to_a_live_call() -> None:
    """A hundred connections with endless work: a live call's turn comes after one piece of one."""
    lane, pieces = Lane(), 0

    async def flood() -> None:
        nonlocal pieces
        while True:
            await lane.turn()
            pieces += 1

    floods = [asyncio.create_task(flood()) for _ in range(100)]
    await rounds(20)
    before = pieces
    await asyncio.sleep(0)
    assert pieces - before <= 1
    for task in floods:
        task.cancel()
    await asyncio.gather(*floods, return_exceptions=True)


async def test_who_left_the_lane_does_not_hold_it_up() -> None:
    lane = Lane()
    gone = asyncio.create_task(lane.turn())
    await asyncio.sleep(0)
    gone.cancel()
    async with asyncio.timeout(1):
        await lane.turn()
        await lane.turn()


async def test_a_piece_that_fails_does_not_stop_the_lane() -> None:
    loop, lane, told = asyncio.get_running_loop(), Lane(), []
    loop.set_exception_handler(lambda _, context: told.append(context["exception"]))
    lane.call(lambda: 1 / 0)  # type: ignore[arg-type]  # what fails returns nothing
    async with asyncio.timeout(1):
        await lane.turn()
    assert [type(error) for error in told] == [ZeroDivisionError]


async def test_a_debt_is_waited_for() -> None:
    budgets = Budgets(Costs(frames_a_second=1000))
    loop = asyncio.get_running_loop()
    with budgets.opened("a", loop.time()) as budget:
        pace = Pace(budget, Lane(), str)
        budget.frames += 20_200
        began_s = loop.time()
        await pace.turn()
        assert loop.time() - began_s > 0.1
