"""The work queue of an edge: a little begins in each round of the loop, whoever waits.

`tests/unit/edge/door/limits/test_work_order.py` has the order of the pieces.
"""

from __future__ import annotations

import asyncio

from edge.door.limits.work_order import (
    MOST_PIECES,
    QUEUE_AT_ONCE_S,
    QUEUE_SHARE,
    SHORT_ROUND_S,
    Place,
)
from edge.door.limits.work_queue import ROUND_S, LoopRound, WorkQueue


async def rounds(count: int) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


class Clock:
    """A clock whose rounds of the event loop take *round_s* each."""

    def __init__(self, round_s: float = 2 * SHORT_ROUND_S) -> None:
        self.now_s, self.round_s = 0.0, round_s

    def __call__(self) -> float:
        self.now_s += self.round_s  # the queue looks once a round
        return self.now_s


def added(queue: WorkQueue, begun: list[str], name: str, place: Place = Place.FAIR) -> None:
    """Have *queue* call a piece of the address *name*, noted in *begun*."""
    queue.put(name, lambda: begun.append(name), place)


async def test_one_piece_begins_in_a_long_round_in_the_order_of_asking() -> None:
    queue, begun = WorkQueue(Clock()), list[str]()
    for name in "abcde":
        added(queue, begun, name)
    for count in range(1, 6):
        await rounds(1)
        assert begun == list("abcde"[:count])


async def test_pieces_that_add_pieces_leave_one_beginning_a_round() -> None:
    queue, begun = WorkQueue(Clock()), 0

    def again() -> None:
        nonlocal begun
        begun += 1
        queue.put("a", again)

    for _ in range(10):
        queue.put("a", again)
    await rounds(20)
    before = begun
    await rounds(1)
    assert begun - before == 1


async def test_many_in_the_queue_leave_every_round_to_a_live_call() -> None:
    """A hundred connections with endless work: a live call's turn comes after a few pieces."""
    queue, pieces = WorkQueue(), 0

    async def flood() -> None:
        nonlocal pieces
        while True:
            await queue.wait("a")
            pieces += 1

    floods = [asyncio.create_task(flood()) for _ in range(100)]
    await rounds(20)
    before = pieces
    await asyncio.sleep(0)
    assert pieces - before <= MOST_PIECES
    for task in floods:
        task.cancel()
    await asyncio.gather(*floods, return_exceptions=True)


async def test_a_live_caller_waits_for_no_rest_of_the_others() -> None:
    queue, begun = WorkQueue(), list[str]()
    queue.worked("burst", QUEUE_AT_ONCE_S + 1.0)
    added(queue, begun, "burst")
    await rounds(3)
    assert begun == []
    added(queue, begun, "live", Place.LIVE)
    await rounds(1)
    assert begun == ["live"]
    async with asyncio.timeout(20):
        await queue.wait("burst")
    assert begun == ["live", "burst"]


async def test_who_left_the_queue_does_not_hold_it_up() -> None:
    queue = WorkQueue()
    gone = asyncio.create_task(queue.wait("a"))
    await asyncio.sleep(0)
    gone.cancel()
    async with asyncio.timeout(20):
        await queue.wait("a")
        await queue.wait("a")


async def test_a_piece_that_fails_does_not_stop_the_queue() -> None:
    loop, queue, told = asyncio.get_running_loop(), WorkQueue(), []
    loop.set_exception_handler(lambda _, context: told.append(context["exception"]))
    queue.put("a", lambda: 1 / 0)  # type: ignore[arg-type]  # what fails returns nothing
    async with asyncio.timeout(20):
        await queue.wait("a")
    assert [type(error) for error in told] == [ZeroDivisionError]


async def test_the_queue_leaves_a_share_of_the_loop_to_live_calls() -> None:
    loop, queue = asyncio.get_running_loop(), WorkQueue()
    queue.worked("a", QUEUE_AT_ONCE_S + 0.05)
    began_s = loop.time()
    await queue.wait("b")
    assert loop.time() - began_s > 0.05 / QUEUE_SHARE / 2


async def test_a_round_is_full_until_it_ends() -> None:
    here = LoopRound()
    here.count(ROUND_S / 2)
    assert not here.is_full
    here.count(ROUND_S)
    assert here.is_full
    await asyncio.sleep(0)
    assert not here.is_full


async def test_the_work_of_two_rounds_is_not_added_up() -> None:
    here = LoopRound()
    for _ in range(4):
        here.count(ROUND_S / 2)
        assert not here.is_full
        await asyncio.sleep(0)
