"""A session's jobs wait for their slots, and not for ever."""

import asyncio

from edge.door.limits.job_slots import JobSlots
from edge.door.limits.session_jobs import SessionJobs
from tests.neutral import speech, words
from tests.unit.edge.door.limits.test_job_slots import NOW_S, slots_of


def jobs(slots: JobSlots, number: int, most_wait_s: float = 60.0) -> SessionJobs:
    return SessionJobs(
        slots, f"a{number}", stranger=True, clock=lambda: NOW_S, most_wait_s=most_wait_s
    )


async def test_a_job_waits_until_another_is_done() -> None:
    slots = slots_of(1)
    first, second = jobs(slots, 1), jobs(slots, 2)
    assert await first.take(speech())
    async with asyncio.TaskGroup() as tasks:
        waiting = tasks.create_task(second.take(speech()))
        await asyncio.sleep(0)
        assert not waiting.done()
        first.note_stored(words())
    assert waiting.result()


async def test_a_job_that_waits_for_too_long_is_none_and_takes_no_slot() -> None:
    slots = slots_of(1)
    first = jobs(slots, 1)
    await first.take(speech())
    assert not await jobs(slots, 2, most_wait_s=0.01).take(speech())
    first.note_stored(words())
    assert await jobs(slots, 3).take(speech())


async def test_a_session_that_ends_waits_no_more() -> None:
    slots = slots_of(1)
    await jobs(slots, 1).take(speech())
    second = jobs(slots, 2)
    async with asyncio.TaskGroup() as tasks:
        waiting = tasks.create_task(second.take(speech()))
        await asyncio.sleep(0)
        second.leave()
    assert not waiting.result()
