"""Fetches jobs from a durable consumer for the free slots of a worker.

nats-py has no consume(), and a loop over fetch() loses seconds: an abandoned fetch swallows the
next job, and a fetch across a server restart waits until it times out. So all pull requests share
one inbox, each slot is requested once, idle heartbeats are watched here, and after a reconnect all
slots are requested again.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractContextManager, AsyncExitStack, suppress
from typing import Any, Self

import msgspec
import structlog
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.errors import Error as NatsError

from runtime.bus.connection import Bus
from runtime.bus.delivery import Delivery
from runtime.bus.errors import BusAwayError
from runtime.bus.pull_state import Ended, PullState
from runtime.bus.trace import trace_of
from runtime.tasks import scoped_task
from schemas import codec, subjects
from schemas.codec import TRACE_HEADER
from schemas.events import AnyEvent

log = structlog.get_logger(__name__)

PULL_EXPIRES_S = 30.0
IDLE_HEARTBEAT_S = 0.5
PULL_CHECK_INTERVAL_S = 0.25
DEPTH_INTERVAL_S = 5.0
REFUSED_S = 0.1
"""The delay before a refused request is repeated."""
NEWER_WORKER_S = 1.0
"""The delay of a job of a newer version, which a worker that has been replaced by then can read."""


class Job:
    """An event to work on, answered exactly once: done, retry or give up."""

    def __init__(self, event: AnyEvent, msg: Msg, jobs: Jobs) -> None:
        self.event = event
        self._msg = msg
        self._jobs = jobs
        self._unanswered = True

    @property
    def attempt(self) -> int:
        """The number of this delivery, from 1."""
        return self._msg.metadata.num_delivered or 1

    @property
    def seq(self) -> int:
        """Sequence of the event in its stream."""
        return self._msg.metadata.sequence.stream

    @property
    def stored_s(self) -> float:
        """The time at which the event was stored, Unix seconds on the server's clock."""
        return self._msg.metadata.timestamp.timestamp()

    def traced(self) -> AbstractContextManager[None]:
        """Give messages that are sent in the block the trace of the job."""
        return trace_of(self._msg.headers or {})

    @property
    def traceparent(self) -> str:
        """The job's trace (W3C trace context); empty: it has none."""
        return (self._msg.headers or {}).get(TRACE_HEADER, "")

    def pause(self) -> None:
        """Free the job's slot while it waits for something other than this worker."""
        self._jobs.free_slot()

    def resume(self) -> None:
        """Take a slot for the job again, even if all are in use."""
        self._jobs.take_slot()

    async def working(self) -> None:
        """Send a heartbeat, which puts off redelivery by ack_wait."""
        if self._unanswered:
            await _answer(self._jobs.bus, self._msg, b"+WPI")

    async def done(self) -> None:
        await self._close(b"+ACK")

    async def retry(self, delay_s: float = 0.0) -> None:
        await self._close(_nak(delay_s))

    async def give_up(self, reason: str) -> None:
        """End the job for good; the server records *reason* in the dead-letter stream."""
        await self._close(b"+TERM " + reason.encode()[:200])

    async def _close(self, word: bytes) -> None:
        if self._unanswered:
            self._unanswered = False
            self._jobs.free_slot()
            await _answer(self._jobs.bus, self._msg, word)


class Jobs:
    """The jobs of one consumer, for a worker with *slots*, while the block is open.

    Events of types that are not in *wanted* are acknowledged undecoded; None means all types.
    Copies (imported or replayed events) are jobs only with *copies*.
    """

    def __init__(
        self,
        bus: Bus,
        consumer: str,
        slots: int,
        *,
        wanted: frozenset[str] | None = None,
        copies: bool = False,
    ) -> None:
        self.bus = bus
        self.consumer = consumer
        self._wanted = wanted
        self._copies = copies
        self.depth = 0
        """Jobs that wait for a worker, by the server's latest count; heartbeats have none."""
        self._pull = PullState(slots)
        self._queue: asyncio.Queue[Job | None] = asyncio.Queue()
        """The slots bound this queue: the server sends no more jobs than were requested.

        A maximum size could lose a job that was sent before its request was forgotten.
        """
        self._inbox: Subscription
        """Set as the block opens."""
        self._wake = asyncio.Event()
        self._open = AsyncExitStack()
        self._is_draining = False

    @property
    def slots(self) -> int:
        return self._pull.slots

    @property
    def in_flight(self) -> int:
        return self._pull.in_flight

    async def __aenter__(self) -> Self:
        self.bus.reconnected.append(self._on_reconnect)
        self._inbox = await self._subscribe()
        # an error of this task ends the jobs, and is raised at the end of the block
        await self._open.enter_async_context(scoped_task(self._keep_requesting()))
        await self._open.enter_async_context(scoped_task(self._keep_counting()))
        return self

    async def __aexit__(self, *fault: Any) -> None:
        self.bus.reconnected.remove(self._on_reconnect)
        await self._open.__aexit__(*fault)

    async def __aiter__(self) -> AsyncIterator[Job]:
        """Yield jobs until `drain`, and then the jobs that were on their way."""
        while (job := await self._queue.get()) is not None:
            yield job

    def free_slot(self) -> None:
        """Free the slot of an answered job."""
        self._pull.free_slot()
        self._wake.set()

    def take_slot(self) -> None:
        """Take a slot for a job that had freed it."""
        self._pull.take_slot()

    async def drain(self) -> None:
        """Request no more jobs; those that the server has sent are still yielded."""
        self._is_draining = True
        self._wake.set()

    def _on_reconnect(self) -> None:
        """Request all free slots again: the server has lost the requests."""
        self._pull.note_lost()
        self._wake.set()

    async def _subscribe(self) -> Subscription:
        """Return a new inbox; nothing was requested on it yet."""
        nc = self.bus.nats_client
        inbox = await nc.subscribe(nc.new_inbox(), cb=self._on_message)
        self._pull.note_lost()
        return inbox

    async def _keep_requesting(self) -> None:
        """Request jobs until `drain`; then, or after an error, no more jobs arrive."""
        try:
            async with asyncio.TaskGroup() as drains:
                while not self._is_draining:
                    self._wake.clear()
                    await self._request_missing(drains)
                    try:
                        async with asyncio.timeout(PULL_CHECK_INTERVAL_S):
                            await self._wake.wait()
                    except TimeoutError:
                        pass
                if self.bus.connected:
                    await _drain(self._inbox)
        finally:
            self._queue.put_nowait(None)

    async def _keep_counting(self) -> None:
        while True:
            with suppress(BusAwayError):  # the log has `bus_disconnected`
                info = await self.bus.api(f"CONSUMER.INFO.{subjects.EVENTS_STREAM}.{self.consumer}")
                self.depth = info.get("num_pending", self.depth)
            await asyncio.sleep(DEPTH_INTERVAL_S)

    async def _request_missing(self, drains: asyncio.TaskGroup) -> None:
        """Request jobs for the free slots, on a new inbox if the server has lost the requests."""
        loop = asyncio.get_running_loop()
        try:
            if self.bus.connected:
                if self._pull.is_forgotten(loop.time()):
                    old, self._inbox = self._inbox, await self._subscribe()
                    drains.create_task(_drain(old))  # it may still bring jobs
                if missing := self._pull.request(loop.time()):
                    await self._request(missing)
        except NatsError as error:
            log.warning("consumer_pull_failed", consumer=self.consumer, error=repr(error))

    async def _request(self, jobs: int) -> None:
        request = {
            "batch": jobs,
            "expires": int(PULL_EXPIRES_S * 1e9),
            "idle_heartbeat": int(IDLE_HEARTBEAT_S * 1e9),
        }
        await self.bus.nats_client.publish(
            f"$JS.API.CONSUMER.MSG.NEXT.{subjects.EVENTS_STREAM}.{self.consumer}",
            msgspec.json.encode(request),
            reply=self._inbox.subject,
        )

    async def _on_message(self, msg: Msg) -> None:
        now_s, headers = asyncio.get_running_loop().time(), msg.headers or {}
        if (status := headers.get("Status")) is not None:
            left = headers.get("Nats-Pending-Messages")
            ended = self._pull.status_came(status, int(left) if left else None, now_s)
            self._on_status(status, ended)
            return
        self._pull.job_came(now_s)
        delivery = Delivery.of(msg)
        unwanted = self._wanted is not None and delivery.type not in {None, *self._wanted}
        if unwanted or (delivery.is_copy and not self._copies):
            await self._answer_unread(msg, b"+ACK")
            return
        try:
            event = delivery.event()
        except codec.UnknownTypeError as error:
            log.warning("job_of_newer_version", consumer=self.consumer, error=str(error))
            await self._answer_unread(msg, _nak(NEWER_WORKER_S))
            return
        except codec.BadMessageError as error:
            log.warning("job_malformed", consumer=self.consumer, error=str(error)[:120])
            await self._answer_unread(msg, b"+TERM malformed")
            return
        self._queue.put_nowait(Job(event, msg, self))

    def _on_status(self, status: str, ended: Ended) -> None:
        if ended is Ended.NOT_YET:
            return
        if ended is Ended.REFUSED_ANEW:
            log.info("consumer_request_ended", consumer=self.consumer, status=status)
        if ended is Ended.EXPIRED:
            self._wake.set()
        else:
            asyncio.get_running_loop().call_later(REFUSED_S, self._wake.set)

    async def _answer_unread(self, msg: Msg, word: bytes) -> None:
        self.free_slot()
        await _answer(self.bus, msg, word)


def _nak(delay_s: float) -> bytes:
    """Return the answer that asks for another delivery after *delay_s*."""
    if not delay_s:
        return b"-NAK"
    return b"-NAK " + msgspec.json.encode({"delay": int(delay_s * 1e9)})


async def _answer(bus: Bus, msg: Msg, word: bytes) -> None:
    try:
        await bus.nats_client.publish(msg.reply, word)
    except NatsError:  # the job is redelivered, and every job is safe to do twice
        log.warning("job_answer_lost")


async def _drain(subscription: Subscription) -> None:
    """End *subscription* after the messages that are on their way."""
    try:
        await subscription.drain()  # type: ignore[no-untyped-call]  # nats-py
    except NatsError:
        log.info("old_request_left_unclean")
