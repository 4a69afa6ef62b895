"""Each job is answered once, and what the log says of a failure is what the server was told."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any, cast

from structlog.testing import capture_logs

from runtime.bus.errors import BusAwayError, FencedError
from schemas import events as ev
from workers.engines.errors import EngineError, EngineRefusedError
from workers.retry_policy import RETRY_S, UNTOLD_S
from workers.stage import JobTarget
from workers.worker_loop import Worker

EVENT = ev.SpeechStarted(
    tenant="t", session="s", at_ms=1, utterance=1, language="en", deadline_ms=2
)


class ListedJob:
    """A job that lists the answers to it."""

    seq = 7

    attempt = 1

    def __init__(self) -> None:
        self.event, self.stored_s = EVENT, time.time()
        self.answers: list[Any] = []

    @contextmanager
    def traced(self) -> Iterator[None]:
        yield

    async def done(self) -> None:
        self.answers.append("done")

    async def retry(self, delay_s: float = 0.0) -> None:
        self.answers.append(("retry", delay_s))

    async def give_up(self, reason: str) -> None:
        self.answers.append(("give up", reason))


class Failing:
    """A stage whose jobs end by *error*; None: they succeed."""

    name, model, job_type = "stt", "simulated", ev.SpeechStarted

    def __init__(self, error: Exception | None) -> None:
        self.error = error

    def target(self, event: ev.SpeechStarted) -> JobTarget:
        return JobTarget(utterance=event.utterance)

    async def run(self, _job: object) -> None:
        if self.error:
            raise self.error


async def worked(
    error: Exception | None, *, is_away: bool = False
) -> tuple[Worker[Any], ListedJob, list[ev.JobFailed], list[Any]]:
    """Return the worker, the answered job, the published failures and the log's lines."""
    told: list[ev.JobFailed] = []

    async def publish(event: ev.JobFailed) -> None:
        if is_away:
            raise BusAwayError("away")
        told.append(event)

    bus = cast("Any", SimpleNamespace(publish=publish))
    worker: Worker[Any] = Worker(bus, cast("Any", Failing(error)), 1, drain_s=1)
    job = ListedJob()
    with capture_logs() as lines:
        await worker._work(cast("Any", job), EVENT, asyncio.Event())
    return worker, job, told, [one for one in lines if one["event"] == "job_failed"]


async def test_a_job_that_succeeds_is_done() -> None:
    worker, job, told, lines = await worked(None)
    assert (job.answers, told, lines) == (["done"], [], [])
    assert (worker.done, worker.failed) == (1, 0)


async def test_a_job_that_another_worker_went_on_with_is_done() -> None:
    worker, job, told, lines = await worked(FencedError("newer", 9))
    assert (job.answers, told, lines) == (["done"], [], [])
    assert worker.failed == 0


async def test_a_failed_job_is_tried_again() -> None:
    worker, job, told, lines = await worked(EngineError("busy"))
    assert (job.answers, told) == ([("retry", RETRY_S)], [])
    assert [one["gave_up"] for one in lines] == [False]
    assert worker.failed == 0


async def test_a_hopeless_job_is_told_to_the_edge_and_given_up() -> None:
    worker, job, told, lines = await worked(EngineRefusedError("no voice"))
    assert job.answers == [("give up", "no voice")]
    assert [(one.stage, one.utterance, one.attempts) for one in told] == [("stt", 1, 1)]
    assert [one["gave_up"] for one in lines] == [True]
    assert worker.failed == 1


async def test_a_failure_that_the_edge_cannot_be_told_is_tried_again_and_not_counted() -> None:
    worker, job, _, lines = await worked(EngineRefusedError("no voice"), is_away=True)
    assert job.answers == [("retry", UNTOLD_S)]
    assert [one["gave_up"] for one in lines] == [False]
    assert worker.failed == 0
