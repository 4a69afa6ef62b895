"""The work queue of an edge: a little begins in each round of the loop, whoever waits."""

from __future__ import annotations

import asyncio

import pytest

from edge.door.limits.work_queue import (
    LIVE_PIECES,
    MOST_PIECES,
    PIECES_S,
    QUEUE_AT_ONCE_S,
    QUEUE_SHARE,
    SHORT_ROUND_S,
    Place,
    WorkQueue,
)


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


async def test_more_begin_while_rounds_are_short_and_one_again_when_they_are_long() -> None:
    clock = Clock(SHORT_ROUND_S / 2)
    queue, begun = WorkQueue(clock), list[str]()
    for _ in range(100):
        added(queue, begun, "a")
    counts = []
    for number in range(10):
        before = len(begun)
        await rounds(1)
        counts.append(len(begun) - before)
        if number == MOST_PIECES:
            clock.round_s = 2 * SHORT_ROUND_S
    assert counts == [1, 2, 3, MOST_PIECES, MOST_PIECES, 2, 1, 1, 1, 1]


async def test_one_begins_in_a_round_after_a_long_piece_until_many_short_ones() -> None:
    queue, begun = WorkQueue(Clock(SHORT_ROUND_S / 20)), list[str]()
    for _ in range(100):
        added(queue, begun, "a")
    counts = []
    queue.worked("a", PIECES_S)
    for _ in range(20):
        before = len(begun)
        await rounds(1)
        counts.append(len(begun) - before)
        for _ in range(counts[-1]):
            queue.worked("a", PIECES_S / 100)
    assert counts[:7] == [1] * 7
    assert counts[-1] == MOST_PIECES


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


async def test_live_callers_have_most_pieces_but_not_all() -> None:
    queue, begun = WorkQueue(Clock()), list[str]()
    for _ in range(2 * LIVE_PIECES):
        added(queue, begun, "live", Place.LIVE)
        added(queue, begun, "burst")
    await rounds(20)
    turn = ["live"] * LIVE_PIECES + ["burst"]
    assert begun == turn * 2 + ["burst"] * (2 * LIVE_PIECES - 2)


async def test_a_live_caller_waits_for_no_rest_of_the_others() -> None:
    queue, begun = WorkQueue(), list[str]()
    queue.worked("burst", QUEUE_AT_ONCE_S + 1.0)
    added(queue, begun, "burst")
    await rounds(3)
    assert begun == []
    added(queue, begun, "live", Place.LIVE)
    await rounds(1)
    assert begun == ["live"]
    async with asyncio.timeout(1):
        await queue.wait("burst")
    assert begun == ["live", "burst"]


async def test_who_left_the_queue_does_not_hold_it_up() -> None:
    queue = WorkQueue()
    gone = asyncio.create_task(queue.wait("a"))
    await asyncio.sleep(0)
    gone.cancel()
    async with asyncio.timeout(1):
        await queue.wait("a")
        await queue.wait("a")


async def test_a_piece_that_fails_does_not_stop_the_queue() -> None:
    loop, queue, told = asyncio.get_running_loop(), WorkQueue(), []
    loop.set_exception_handler(lambda _, context: told.append(context["exception"]))
    queue.put("a", lambda: 1 / 0)  # type: ignore[arg-type]  # what fails returns nothing
    async with asyncio.timeout(1):
        await queue.wait("a")
    assert [type(error) for error in told] == [ZeroDivisionError]


@pytest.mark.parametrize("place", [Place.FAIR, Place.LIVE])
async def test_the_address_that_has_had_the_least_is_next(place: Place) -> None:
    queue, begun = WorkQueue(Clock()), list[str]()
    added(queue, begun, "a", place)
    queue.worked("a", 0.1)
    for name in "aabc":
        added(queue, begun, name, place)
    await rounds(6)
    assert begun == ["a", "b", "c", "a", "a"]


@pytest.mark.parametrize("place", [Place.FAIR, Place.LIVE])
async def test_what_an_address_had_is_forgotten_when_nothing_waits(place: Place) -> None:
    queue, begun = WorkQueue(Clock()), list[str]()
    queue.worked("a", 0.1)
    await queue.wait("b", place)
    for name in "ab":
        added(queue, begun, name, place)
    await rounds(3)
    assert begun == ["a", "b"]


async def test_a_stranger_who_sends_no_more_than_live_waits_behind_no_burst() -> None:
    queue, begun = WorkQueue(Clock()), list[str]()
    queue.worked("a", 0.1)
    for name, place in (("b", Place.FAIR), ("a", Place.NEXT), ("c", Place.FAIR)):
        added(queue, begun, name, place)
    queue.worked("b", 0.1)
    added(queue, begun, "b")
    await rounds(5)
    assert begun == ["b", "a", "c", "b"]


async def test_the_queue_leaves_a_share_of_the_loop_to_live_calls() -> None:
    loop, queue = asyncio.get_running_loop(), WorkQueue()
    queue.worked("a", QUEUE_AT_ONCE_S + 0.05)
    began_s = loop.time()
    await queue.wait("b")
    assert loop.time() - began_s > 0.05 / QUEUE_SHARE / 2
