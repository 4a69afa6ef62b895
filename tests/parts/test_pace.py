"""The pace of a connection: which of its work waits for a turn, and for how long."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass

import pytest

from edge.door.limits.budgets import Budgets
from edge.door.limits.costs import BURST_FRAMES, Costs
from edge.door.limits.pace import Pace
from edge.door.limits.work_queue import ROUND_S, WorkQueue


@dataclass
class Sent:
    """What a client has sent."""

    more: bool
    slowed: int = 0

    def has_more(self) -> bool:
        return self.more

    def note_slowed(self) -> None:
        self.slowed += 1


async def rounds(count: int) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


@pytest.mark.parametrize("stranger", [True, False])
async def test_a_round_in_which_many_worked_leaves_strangers_to_the_next(*, stranger: bool) -> None:
    queue, clock = WorkQueue(), [0.0]
    with Budgets(Costs()).opened("a", 0.0) as budget, Budgets(Costs()).opened("b", 0.0) as other:
        here, there = (Pace(one, queue, str, *[lambda: clock[0]] * 2) for one in (budget, other))
        sent = Sent(more=True)
        here.read_from(sent)
        budget.identify(named=not stranger)
        turn = asyncio.create_task(here.breathe())
        clock[0] += 2 * ROUND_S
        there.worked(0.0)
        assert queue.round.is_full
        await rounds(1)
        assert turn.done() is not stranger
        await turn
        assert not queue.round.is_full
        there.worked(0.0)
        again = asyncio.create_task(here.breathe())
        await rounds(1)
        assert again.done(), "it was next"


@pytest.mark.parametrize("stranger", [True, False])
async def test_a_strangers_next_piece_takes_the_queue(*, stranger: bool) -> None:
    queue, done = WorkQueue(), list[str]()
    with Budgets(Costs()).opened("a", time.monotonic()) as budget:
        budget.identify(named=not stranger)
        queue.put("b", lambda: done.append("other"))
        queue.put("b", lambda: done.append("other"))
        Pace(budget, queue, str).later(0.0, lambda: done.append("piece"))
        await rounds(1)
        assert done == ["other"] if stranger else ["other", "piece"]
        await rounds(3)
        assert sorted(done) == ["other", "other", "piece"]


@pytest.mark.parametrize(
    ("frames", "work_s", "has_more", "stranger", "waits"),
    [
        (25, 0.002, False, True, False),  # a live caller: it never waits for bursts
        (25, 0.0005, True, True, False),
        (25, 0.002, True, True, True),
        (25, 0.002, True, False, False),
        (25, 0.004, True, False, True),
        (BURST_FRAMES + 1, 0.0, False, False, True),
    ],
)
async def test_a_burst_takes_the_queue(
    *, frames: int, work_s: float, has_more: bool, stranger: bool, waits: bool
) -> None:
    queue = WorkQueue()
    queue.put("other", lambda: None)
    with Budgets(Costs()).opened("a", time.monotonic()) as budget:
        pace = Pace(budget, queue, str)
        sent = Sent(more=has_more)
        pace.read_from(sent)
        budget.identify(named=not stranger)
        budget.spend_frames(frames)
        pace.worked(time.thread_time() - work_s)
        turn = asyncio.create_task(pace.admit())
        await rounds(1)
        assert turn.done() is not waits
        await turn


async def test_long_messages_are_read_one_after_the_other() -> None:
    queue, at_once, most = WorkQueue(), 0, 0

    def read() -> None:
        nonlocal at_once, most
        at_once += 1
        most = max(most, at_once)
        work(0.01)
        at_once -= 1

    with Budgets(Costs()).opened("a", 0.0) as budget:
        pace = Pace(budget, queue, str)
        await asyncio.gather(*(pace.off_loop(read) for _ in range(4)))
        assert most == 1
        assert budget._work_s > 0.03


def work(cpu_s: float) -> None:
    """Use the CPU for *cpu_s* seconds."""
    until_s = time.thread_time() + cpu_s
    while time.thread_time() < until_s:
        pass


def be_interrupted() -> None:
    """Have no CPU time for a while, as a process whose core another one uses."""
    time.sleep(0.05)


async def test_a_connection_is_not_charged_for_the_time_that_other_processes_had_the_core() -> None:
    with Budgets(Costs()).opened("a", 0.0) as budget:
        pace = Pace(budget, WorkQueue(), str)
        began_s = pace.work_clock()
        be_interrupted()
        pace.worked(began_s)
        assert budget._work_s < 0.03


async def test_nor_for_such_time_of_its_long_messages() -> None:
    with Budgets(Costs()).opened("a", 0.0) as budget:
        await Pace(budget, WorkQueue(), str).off_loop(be_interrupted)
        assert budget._work_s < 0.03


async def test_a_debt_is_waited_for() -> None:
    budgets = Budgets(Costs(frames_per_second=1000))
    loop = asyncio.get_running_loop()
    with budgets.opened("a", loop.time()) as budget:
        pace = Pace(budget, WorkQueue(), str)
        sent = Sent(more=False)
        pace.read_from(sent)
        budget.spend_frames(20_200)
        began_s = loop.time()
        await pace.admit()
        assert loop.time() - began_s > 0.1
        assert sent.slowed > 0
