"""The queue of each stage, as the server counts it."""

from __future__ import annotations

import asyncio

import pytest

from runtime.bus.connection import Bus
from runtime.bus.consumer_lag import Queue, queues
from runtime.bus.errors import BusAwayError
from runtime.bus.jobs import DEPTH_INTERVAL_S, Job, Jobs
from schemas import subjects
from schemas.events import SpeechStarted
from schemas.stages import STAGES
from tests import at_work


def speech(number: int) -> SpeechStarted:
    return SpeechStarted(
        tenant="t", session="s", at_ms=1, utterance=number, language="en", deadline_ms=0
    )


async def of(bus: Bus, stage: str) -> Queue:
    (found,) = [one for one in await queues(bus) if one.stage == stage]
    return found


async def test_each_stage_has_a_queue_which_is_empty_at_first(bus: Bus) -> None:
    assert await queues(bus) == [Queue(stage.name, 0, 0, 0, 0) for stage in STAGES]


async def test_jobs_wait_until_a_worker_takes_them_and_are_in_flight_until_they_are_done(
    bus: Bus,
) -> None:
    for number in (1, 2):
        await bus.publish(speech(number))
    await asyncio.sleep(0.05)
    waiting = await of(bus, "stt")
    assert (waiting.waiting, waiting.in_flight, waiting.pull_requests) == (2, 0, 0)
    assert 40 <= waiting.oldest_ms < 5000
    assert (await of(bus, "tts")).waiting == 0
    async with Jobs(bus, "STT", 1) as jobs:
        first: Job = await anext(aiter(jobs))
        one = await of(bus, "stt")
        assert (one.waiting, one.in_flight, one.redelivered) == (1, 1, 0)
        await first.done()
        second: Job = await anext(aiter(jobs))
        none = await of(bus, "stt")
        assert (none.waiting, none.oldest_ms) == (0, 0)
        await second.done()
        await jobs.drain()


async def test_the_age_is_that_of_the_oldest_job_of_the_stage_that_is_not_taken(bus: Bus) -> None:
    """Neither a job in flight nor another stage's event before it is the oldest."""
    await bus.publish(speech(1))
    async with Jobs(bus, "STT", 1) as jobs:
        taken: Job = await anext(aiter(jobs))
        await bus.publish(at_work.turn("s"))
        await asyncio.sleep(0.4)
        await bus.publish(speech(2))
        stt, llm = await of(bus, "stt"), await of(bus, "llm")
        assert llm.oldest_ms >= 400
        assert stt.oldest_ms < llm.oldest_ms
        await taken.done()
        await jobs.drain()


async def test_a_bus_that_is_not_provisioned_is_told_with_what_to_do(bus: Bus) -> None:
    await bus.api(f"CONSUMER.DELETE.{subjects.EVENTS_STREAM}.STT")
    with pytest.raises(BusAwayError, match="aura provision"):
        await queues(bus)


async def test_jobs_that_wait_for_answers_to_others_are_counted(bus: Bus) -> None:
    """The server delivers no more than `max_ack_pending`, and its heartbeats tell of no job."""
    consumer = f"{subjects.EVENTS_STREAM}.STT"
    config = (await bus.api(f"CONSUMER.INFO.{consumer}"))["config"] | {"max_ack_pending": 3}
    update = {"stream_name": subjects.EVENTS_STREAM, "config": config, "action": "update"}
    assert "error" not in await bus.api(f"CONSUMER.CREATE.{consumer}", update)
    async with Jobs(bus, "STT", 8) as jobs:
        for number in range(10):
            await bus.publish(speech(number))
        taken = [await anext(aiter(jobs)) for _ in range(3)]
        async with asyncio.timeout(2 * DEPTH_INTERVAL_S):
            while jobs.depth != 7:
                for job in taken:
                    await job.working()
                await asyncio.sleep(0.1)
        assert jobs.in_flight == 3
        await jobs.drain()
