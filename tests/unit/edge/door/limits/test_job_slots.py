"""Whose jobs wait for a slot of a stage, and whose never do."""

from __future__ import annotations

import asyncio
from typing import Any

from edge.door.limits.job_slots import LATE_S, MOST_HELD_S, JobSlots, SessionJobs
from schemas.events import (
    JobFailed,
    ResponseCancelled,
    SessionEnded,
    SpeechStarted,
    TranscriptFinal,
)
from tests.neutral import taken

WHOSE: dict[str, Any] = {"tenant": "t", "session": "s", "at_ms": 1}


class Clock:
    now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


def speech(utterance: int = 1) -> SpeechStarted:
    return SpeechStarted(**WHOSE, utterance=utterance, language="en", deadline_ms=0)


def words(utterance: int = 1) -> TranscriptFinal:
    return TranscriptFinal(
        **WHOSE, utterance=utterance, text="", confidence=0, audio_ms=1, took_ms=1, model="m"
    )


def slots_of(slots: int, *, most_wait_s: float = 60) -> tuple[JobSlots, Clock]:
    clock = Clock()
    made = JobSlots(clock, most_wait_s)
    made.update({"stt": slots, "llm": slots}, 1)
    return made, clock


def stranger(of: JobSlots, number: int) -> SessionJobs:
    return of.of(f"a{number}", stranger=True)


async def waits(task: asyncio.Task[bool]) -> bool:
    for _ in range(3):
        await asyncio.sleep(0)
    return not task.done()


async def asked(jobs: SessionJobs, event: Any = None) -> asyncio.Task[bool]:
    task = asyncio.create_task(jobs.take(event or speech()))
    await waits(task)
    return task


async def test_callers_never_wait_however_many_strangers_speak() -> None:
    made, _ = slots_of(16)
    strangers = [await asked(stranger(made, number)) for number in range(100)]
    assert sum(task.done() for task in strangers) == 12  # every fourth slot is left free
    for number in range(20):
        assert await made.of(f"c{number}", stranger=False).take(speech())
    for task in strangers:
        task.cancel()


async def test_what_callers_use_is_taken_from_strangers_down_to_one() -> None:
    made, _ = slots_of(8)
    callers = [made.of("c", stranger=False) for _ in range(8)]
    for caller in callers:
        await caller.take(speech())
    first, second = await asked(stranger(made, 1)), await asked(stranger(made, 2))
    assert (first.done(), second.done()) == (True, False)
    for caller in callers[:4]:
        caller.note_stored(words())
    assert not await waits(second)


async def test_strangers_yield_while_a_stage_is_strained_and_win_back_what_they_had() -> None:
    made, _ = slots_of(16)
    speakers = [stranger(made, number) for number in range(13)]
    waiting = [await asked(one) for one in speakers][-1]
    for _ in range(5):
        made.update({"stt": 16}, 1, strained=True)
    for speaker in speakers[:11]:
        speaker.note_stored(words())
        assert await waits(waiting)
    for _ in range(20):
        made.update({"stt": 16}, 1)
    assert not await waits(waiting)


async def test_a_stage_works_for_strangers_while_most_of_its_jobs_are_theirs() -> None:
    made, _ = slots_of(16)
    for number in range(3):
        await stranger(made, number).take(speech())
    callers = [made.of("c", stranger=False) for _ in range(3)]
    for caller in callers[:2]:
        await caller.take(speech())
    assert made.for_strangers() == {"stt"}
    await callers[2].take(speech())
    assert not made.for_strangers()


async def test_the_next_is_of_the_address_that_has_had_the_least() -> None:
    made, _ = slots_of(1)
    greedy = [stranger(made, 1) for _ in range(3)]
    first, second, third = [await asked(one) for one in greedy]
    other = await asked(stranger(made, 2))
    greedy[0].note_stored(words())
    assert not await waits(other)
    assert first.done()
    assert not second.done()
    assert not third.done()
    for task in (second, third):
        task.cancel()


async def test_a_place_is_free_again_however_its_job_ends() -> None:
    for event, ends in (
        (speech(), words()),
        (speech(), JobFailed(**WHOSE, stage="stt", reason="r", attempts=1, utterance=1)),
        (taken(), JobFailed(**WHOSE, stage="llm", reason="r", attempts=1, turn=1)),
        (taken(), ResponseCancelled(**WHOSE, turn=1, reason="interrupted")),
    ):
        made, _ = slots_of(1)
        holder = stranger(made, 1)
        assert await holder.take(event)
        assert await holder.take(event)  # the same one
        waiting = await asked(stranger(made, 2), event)
        holder.note_stored(words(utterance=7))
        assert await waits(waiting)
        holder.note_stored(ends)
        assert not await waits(waiting)


async def test_a_session_that_ends_holds_nothing_and_waits_for_nothing() -> None:
    made, _ = slots_of(1)
    holder, waiting = stranger(made, 1), stranger(made, 2)
    await holder.take(speech())
    task, behind = await asked(waiting), await asked(stranger(made, 3))
    waiting.leave()
    assert await task is False
    assert await waiting.take(speech(2)) is False
    ended = SessionEnded(**WHOSE, reason="end_call", turns=0)
    assert await waiting.take(ended)
    holder.leave()
    assert await behind


async def test_who_waits_while_a_stage_has_no_free_slot_keeps_new_strangers_out() -> None:
    made, clock = slots_of(1)
    await stranger(made, 1).take(taken())
    task = await asked(stranger(made, 2), taken())
    assert not made.late()
    clock.now_s += LATE_S
    assert made.late() == "llm"
    clock.now_s += MOST_HELD_S
    made.update({"stt": 1, "llm": 1}, 1)  # whatever became of the first one
    assert await task
    assert not made.late()


async def test_one_address_that_wants_more_than_there_is_keeps_no_stranger_out() -> None:
    made, clock = slots_of(4)
    greedy = [await asked(stranger(made, 1)) for _ in range(20)]
    clock.now_s += 10 * LATE_S
    assert not made.late()
    assert sum(task.done() for task in greedy) == 3
    for task in greedy:
        task.cancel()


async def test_what_waits_for_too_long_is_no_job() -> None:
    made, _ = slots_of(1, most_wait_s=0.01)
    first = stranger(made, 1)
    await first.take(speech())
    assert await stranger(made, 2).take(speech()) is False
    first.note_stored(words())
    assert await stranger(made, 3).take(speech())


async def test_edges_share_the_slots_and_nothing_waits_while_none_are_known() -> None:
    made, _ = slots_of(0)
    assert all([await stranger(made, number).take(speech()) for number in range(50)])
    made, _ = slots_of(2)
    made.update({"stt": 2}, 4)
    assert await stranger(made, 1).take(speech())
    task = await asked(stranger(made, 2))
    assert await waits(task)
    task.cancel()
