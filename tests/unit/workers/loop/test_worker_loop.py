"""Each job is answered once, and what the log says of a failure is what the server was told."""

from __future__ import annotations

import asyncio
import time
from collections.abc import MutableMapping
from typing import Any, NamedTuple

import msgspec
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.errors import ConnectionClosedError
from structlog.testing import capture_logs

from runtime.bus.connection import Bus
from runtime.bus.errors import FencedError
from schemas import codec, subjects
from schemas import events as ev
from schemas.events import StageName
from workers.engines.errors import EngineError, EngineRefusedError
from workers.loop.job_target import JobTarget
from workers.loop.retry_policy import SECOND_ATTEMPT_S, UNPUBLISHED_RETRY_S
from workers.loop.stage import JobContext
from workers.loop.worker_loop import Worker

EVENT = ev.SpeechStarted(
    tenant="t", session="s", at_ms=1, utterance=1, language="en", deadline_ms=2
)


class Inbox(Subscription):
    """A subscription on which nothing is on its way."""

    async def drain(self) -> None: ...


class Server(Client):
    """nats-py's client of a server that has one job and keeps what it is sent."""

    def __init__(self, *, stores: bool) -> None:
        super().__init__()
        self.stores = stores
        self.stored: list[ev.AnyEvent] = []
        self.answers: list[bytes] = []
        """The answers to the job."""
        self.answered = asyncio.Event()
        reply = f"$JS.ACK.{subjects.EVENTS_STREAM}.STT.1.7.1.{time.time_ns()}.0"
        data, headers = codec.encode(EVENT), codec.headers(EVENT)
        self._jobs = [Msg(self, subjects.event(EVENT), reply, data, headers)]

    @property
    def is_connected(self) -> bool:
        return True

    async def subscribe(self, *_: Any, **options: Any) -> Subscription:
        self._deliver = options["cb"]
        return Inbox(self)

    async def publish(self, subject: str, payload: bytes = b"", *_: Any, **__: Any) -> None:
        if subject.startswith("$JS.ACK"):
            self.answers.append(payload)
            self.answered.set()
        elif self._jobs:  # a job is asked for
            await self._deliver(self._jobs.pop())

    async def request(self, subject: str, payload: bytes = b"", *_: Any, **__: Any) -> Msg:
        if subject.startswith("$JS.API.CONSUMER.INFO."):
            return Msg(self, subject, data=b'{"num_pending": 0}')
        if not self.stores:
            raise ConnectionClosedError
        self.stored.append(codec.decode(payload))
        return Msg(self, subject, data=b'{"stream": "AURA", "seq": 8}')


class Failing:
    """A stage whose jobs end by *error*; None: they succeed."""

    name: StageName = "stt"
    model = "simulated"
    job_type = ev.SpeechStarted
    wait_ms = 0

    def __init__(self, error: Exception | None) -> None:
        self.error = error

    async def warm(self) -> None: ...

    def target(self, event: ev.SpeechStarted) -> JobTarget:
        return JobTarget(utterance=event.utterance)

    async def run(self, job: JobContext[ev.SpeechStarted]) -> None:
        assert job.event == EVENT
        if self.error:
            raise self.error


class Worked(NamedTuple):
    """What came of a job."""

    done: int
    failed: int
    answers: list[bytes]
    told: list[ev.AnyEvent]
    """The published events."""
    lines: list[MutableMapping[str, Any]]
    """The log's lines of a failure."""


async def worked(error: Exception | None, *, stores: bool = True) -> Worked:
    """Run a worker until its job is answered; *stores*: whether the server stores events."""
    server = Server(stores=stores)
    worker = Worker(Bus(server), Failing(error), 1, drain_s=1)
    async with asyncio.timeout(20):
        with capture_logs() as lines:
            assert await worker.run(server.answered) == 0
    lines = [line for line in lines if line["event"] == "job_failed"]
    return Worked(worker.done, worker.failed, server.answers, server.stored, lines)


def retried(delay_s: float) -> list[bytes]:
    return [b"-NAK " + msgspec.json.encode({"delay": int(delay_s * 1e9)})]


async def test_a_job_that_succeeds_is_done() -> None:
    assert await worked(None) == Worked(1, 0, [b"+ACK"], [], [])


async def test_a_job_that_another_worker_went_on_with_is_done() -> None:
    assert await worked(FencedError("newer", 9)) == Worked(0, 0, [b"+ACK"], [], [])


async def test_a_failed_job_is_tried_again() -> None:
    job = await worked(EngineError("busy"))
    assert (job.answers, job.told, job.failed) == (retried(SECOND_ATTEMPT_S), [], 0)
    assert [line["gave_up"] for line in job.lines] == [False]


async def test_a_hopeless_job_is_told_to_the_edge_and_given_up() -> None:
    job = await worked(EngineRefusedError("no voice"))
    assert job.answers == [b"+TERM no voice"]
    (told,) = job.told
    assert isinstance(told, ev.JobFailed)
    assert (told.stage, told.utterance, told.attempts) == ("stt", 1, 1)
    assert [line["gave_up"] for line in job.lines] == [True]
    assert job.failed == 1


async def test_a_failure_that_the_edge_cannot_be_told_is_tried_again_and_not_counted() -> None:
    job = await worked(EngineRefusedError("no voice"), stores=False)
    assert job.answers == retried(UNPUBLISHED_RETRY_S)
    assert [line["gave_up"] for line in job.lines] == [False]
    assert job.failed == 0
