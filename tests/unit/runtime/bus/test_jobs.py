"""Jobs are requested once for each free slot, answered once each, and none is lost on the way."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from structlog.testing import capture_logs

from runtime.bus.callbacks import call_each
from runtime.bus.connection import Bus
from runtime.bus.jobs import DEPTH_INTERVAL_S, PULL_CHECK_INTERVAL_S, REFUSED_S, Job, Jobs
from runtime.bus.pull_state import LOST_REQUESTS_S
from schemas import codec
from schemas.events import SpeechStarted
from tests.unit.runtime.bus.job_server import JobServer

REFUSED = "409"


def speech(number: int) -> SpeechStarted:
    return SpeechStarted(
        tenant="t", session="s", at_ms=1, utterance=number, language="en", deadline_ms=0
    )


class Worker:
    """A worker that takes all jobs and answers none by itself."""

    def __init__(self, slots: int, server: JobServer | None = None, **how: Any) -> None:
        self.server = server or JobServer()
        self.bus = Bus(self.server)
        self.jobs = Jobs(self.bus, "STT", slots, **how)
        self.taken: list[Job] = []
        self.collecting: asyncio.Task[None] | None = None

    @property
    def utterances(self) -> list[int]:
        events = [job.event for job in self.taken]
        return [event.utterance for event in events if isinstance(event, SpeechStarted)]

    async def collect(self) -> None:
        async for job in self.jobs:
            self.taken.append(job)

    async def given(self, *numbers: int) -> None:
        """Have the server send the jobs of these numbers."""
        for number in numbers:
            await self.server.give(speech(number), number)
        await asyncio.sleep(0)


@asynccontextmanager
async def working(slots: int = 1, **how: Any) -> AsyncIterator[Worker]:
    worker = Worker(slots, **how)
    async with worker.jobs:
        worker.collecting = asyncio.create_task(worker.collect())
        await asyncio.sleep(PULL_CHECK_INTERVAL_S / 2)
        yield worker
        await worker.jobs.drain()
        await worker.collecting


# ------------------------------------------------------------------ slots and requests


async def test_all_free_slots_are_requested_at_once_and_none_twice() -> None:
    async with working(slots=3) as worker:
        await worker.server.be_idle(10)
        assert worker.server.batches == [3]
        (asked,) = worker.server.asked
        assert (asked["expires"], asked["idle_heartbeat"]) == (30 * 10**9, 5 * 10**8)


async def test_an_answered_jobs_slot_is_requested_at_once_and_that_of_an_open_one_is_not() -> None:
    async with working(slots=2) as worker:
        await worker.given(1, 2)
        assert worker.jobs.in_flight == 2
        await worker.taken[1].done()
        await asyncio.sleep(PULL_CHECK_INTERVAL_S / 100)
        assert worker.server.batches == [2, 1]
        assert worker.jobs.in_flight == 1


async def test_a_job_that_waits_gives_its_slot_to_another() -> None:
    async with working() as worker:
        await worker.given(1)
        worker.taken[0].pause()
        await asyncio.sleep(0.01)
        assert worker.server.batches == [1, 1]
        await worker.given(2)
        worker.taken[0].resume()
        assert worker.jobs.in_flight == 2
        await worker.taken[0].done()
        await asyncio.sleep(0.01)
        assert worker.server.batches == [1, 1], "its slot is the other's now"


# ------------------------------------------------------------------ answers


@pytest.mark.parametrize(
    ("answer", "word"),
    [
        (Job.done, "+ACK"),
        (Job.retry, "-NAK"),
        (lambda job: job.retry(1.5), '-NAK {"delay":1500000000}'),
        (lambda job: job.give_up("it is " + "x" * 300), "+TERM it is " + "x" * 194),
    ],
)
async def test_a_job_is_answered_once_whatever_is_said_of_it_later(answer: Any, word: str) -> None:
    async with working(slots=2) as worker:
        await worker.given(7)
        (job,) = worker.taken
        await job.working()
        await answer(job)
        await job.working()
        await job.done()
        await job.retry()
        await job.give_up("too late")
        assert worker.server.answers == [(7, "+WPI"), (7, word)]
        assert worker.jobs.in_flight == 0


async def test_a_job_knows_its_delivery() -> None:
    async with working() as worker:
        await worker.server.give(speech(1), 41, attempt=3)
        await asyncio.sleep(0)
        (job,) = worker.taken
        assert (job.seq, job.attempt, job.stored_s) == (41, 3, 1_700_000_000)


async def test_an_answer_that_is_lost_frees_the_slot_and_costs_the_worker_nothing() -> None:
    async with working() as worker:
        await worker.given(1)
        worker.server.takes = False
        with capture_logs() as logs:
            await worker.taken[0].done()
        assert [line["event"] for line in logs] == ["job_answer_lost"]
        assert worker.jobs.in_flight == 0
        worker.server.takes = True


# ------------------------------------------------------------------ messages that are no jobs


async def test_a_type_that_is_not_wanted_is_acknowledged_unread_and_its_slot_requested() -> None:
    async with working(wanted=frozenset({"speech.started"})) as worker:
        await worker.server.deliver(b"never decoded", {codec.TYPE_HEADER: "turn.taken"}, 5)
        await asyncio.sleep(0.01)
        assert worker.taken == []
        assert worker.server.answers == [(5, "+ACK")]
        assert worker.server.batches == [1, 1]
        await worker.server.deliver(codec.encode(speech(6)), {}, 6)
        await asyncio.sleep(0)
        assert worker.utterances == [6], "without a header, its type shows when it is read"


@pytest.mark.parametrize(("copies", "taken"), [(False, 0), (True, 1)])
async def test_a_copy_is_a_job_only_for_who_wants_copies(*, copies: bool, taken: int) -> None:
    event = speech(1)
    async with working(copies=copies) as worker:
        headers = {**codec.headers(event), codec.COPY_HEADER: "s_original"}
        await worker.server.deliver(codec.encode(event), headers)
        await asyncio.sleep(0)
        assert len(worker.taken) == taken
        assert worker.server.answers == ([] if copies else [(1, "+ACK")])


async def test_a_newer_job_is_left_to_a_newer_worker_and_a_broken_one_to_none() -> None:
    event = speech(1)
    newer = codec.encode(event).replace(b"speech.started", b"speech.starteX")
    async with working(slots=2) as worker:
        await worker.server.deliver(newer, {codec.TYPE_HEADER: "speech.starteX"}, 1)
        await worker.server.deliver(b"\xc1", codec.headers(event), 2)
        assert worker.taken == []
        assert worker.server.answers == [(1, '-NAK {"delay":1000000000}'), (2, "+TERM malformed")]
        assert worker.jobs.in_flight == 0


# ------------------------------------------------------------------ requests that end or are lost


async def test_an_expired_request_is_repeated_at_once_and_a_refused_one_after_a_while() -> None:
    async with working(slots=4) as worker:
        await worker.server.say("408", **{"Nats-Pending-Messages": "3"})
        await asyncio.sleep(REFUSED_S / 10)
        assert worker.server.batches == [4, 3]
        with capture_logs() as logs:
            for refusals in range(3):
                await worker.server.say(REFUSED)
                await asyncio.sleep(REFUSED_S / 2)
                assert worker.server.batches == [4, 3, *[4] * refusals]
                await asyncio.sleep(REFUSED_S * 0.6)
        assert worker.server.batches == [4, 3, 4, 4, 4]
        assert [line["event"] for line in logs] == ["consumer_request_ended"], "told once"


async def test_a_silent_server_is_asked_on_a_new_inbox_and_the_old_one_may_bring_a_job() -> None:
    async with working(slots=2) as worker:
        await worker.given(1)
        await worker.server.be_idle(5)
        assert len(worker.server.inboxes) == 1
        await asyncio.sleep(LOST_REQUESTS_S + 2 * PULL_CHECK_INTERVAL_S)
        old, new = worker.server.inboxes
        assert old.drained
        assert (worker.server.batches, worker.server.asked_on[-1]) == ([2, 1], new.subject)
        await worker.server.give(speech(2), 2, inbox=0)
        await asyncio.sleep(0)
        assert worker.utterances == [1, 2]


async def test_after_a_reconnect_the_free_slots_are_requested_anew_at_once() -> None:
    async with working(slots=3) as worker:
        await worker.given(1)
        await asyncio.sleep(PULL_CHECK_INTERVAL_S / 3)
        call_each(worker.bus.reconnected)
        await asyncio.sleep(PULL_CHECK_INTERVAL_S / 100)
        assert worker.server.batches == [3, 2], "one slot has a job"


async def test_nothing_is_requested_without_a_connection() -> None:
    async with working() as worker:
        await worker.given(1)
        worker.server.up = False
        await worker.taken[0].done()
        await asyncio.sleep(60)
        assert worker.server.batches == [1]
        worker.server.up = True
        await asyncio.sleep(PULL_CHECK_INTERVAL_S)
        assert worker.server.batches == [1, 1]


async def test_a_request_that_could_not_be_sent_is_sent_when_the_server_takes_it() -> None:
    async with working() as worker:
        await worker.given(1)
        worker.server.takes = False
        with capture_logs() as logs:
            await worker.taken[0].done()
            await asyncio.sleep(0.01)
        assert "consumer_pull_failed" in [line["event"] for line in logs]
        worker.server.takes = True
        await asyncio.sleep(LOST_REQUESTS_S + 2 * PULL_CHECK_INTERVAL_S)
        assert worker.server.batches == [1, 1]


# ------------------------------------------------------------------ the number of waiting jobs


async def test_the_waiting_jobs_are_counted_and_remembered_while_nobody_answers() -> None:
    async with working() as worker:
        for waiting, depth in ((7, 7), (None, 7), (0, 0)):
            worker.server.waiting = waiting
            await asyncio.sleep(DEPTH_INTERVAL_S)
            assert worker.jobs.depth == depth


# ------------------------------------------------------------------ the end


async def test_jobs_on_their_way_are_yielded_after_the_drain_and_no_more_are_requested() -> None:
    async with working(slots=2) as worker:
        assert worker.collecting is not None
        await worker.server.give(speech(1))
        await worker.jobs.drain()
        await worker.server.give(speech(2), 2)
        await asyncio.sleep(0.01)
        assert worker.utterances == [1, 2]
        assert worker.collecting.done()
        assert worker.server.inboxes[0].drained
        await worker.taken[0].done()
        await asyncio.sleep(10)
        assert worker.server.batches == [2]


async def test_a_worker_whose_bus_is_away_ends_without_it() -> None:
    async with working() as worker, asyncio.timeout(PULL_CHECK_INTERVAL_S / 10):
        worker.server.up = False
        await worker.jobs.drain()
        assert worker.collecting is not None
        await worker.collecting
        assert not worker.server.inboxes[0].drained
    assert worker.bus.reconnected == [worker.bus.liveness.reconnected]


async def test_an_unexpected_error_ends_the_jobs_and_is_raised_at_the_end() -> None:
    class Broken(JobServer):
        async def subscribe(self, *_: Any, **__: Any) -> Any:
            if self.inboxes:
                raise KeyError("a fault of ours")
            return await super().subscribe("inbox", cb=lambda _: None)

    worker = Worker(1, Broken())
    with pytest.raises(ExceptionGroup) as raised:
        async with worker.jobs:
            await worker.collect()  # it ends, since no more can come
    assert str(raised.value.exceptions[0]) == "'a fault of ours'"
