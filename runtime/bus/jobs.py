"""Jobs from a durable consumer: as many as there are free slots, none lost to a dead request.

nats-py has no consume(); a bare fetch loop loses seconds (an abandoned fetch swallows the next
job, a fetch across a server restart sleeps out its time). So: pull requests on one inbox, each
slot asked for once, idle heartbeats watched here, everything asked anew after a reconnect.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import msgspec
import structlog
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.errors import Error as NatsError

from runtime.bus.connection import Bus
from schemas import codec, subjects
from schemas.events import AnyEvent

log = structlog.get_logger(__name__)

HEAD_START_S = 0.003
"""A job is out so long before notes on the same moment: where cores are few, the worker that wakes
for it would find them taken."""
PULL_EXPIRES_S = 30.0
IDLE_HEARTBEAT_S = 0.5
SILENCE_LIMIT_S = 1.6
"""Three idle heartbeats missed: nobody remembers our requests."""


class Job:
    """One event to work on, answered exactly once: done, retry or give up."""

    def __init__(self, event: AnyEvent, msg: Msg, jobs: Jobs) -> None:
        self.event = event
        self._msg = msg
        self._jobs = jobs
        self._open = True

    @property
    def attempt(self) -> int:
        """Count deliveries from 1."""
        return self._msg.metadata.num_delivered or 1

    @property
    def seq(self) -> int:
        """Sequence of the event in its stream."""
        return self._msg.metadata.sequence.stream

    @property
    def waiting(self) -> int:
        """Jobs that waited behind this one when it was delivered."""
        return self._msg.metadata.num_pending

    @property
    def stored_s(self) -> float:
        """When the event was stored, Unix seconds on the server's clock."""
        return self._msg.metadata.timestamp.timestamp()

    @property
    def trace(self) -> str:
        return (self._msg.headers or {}).get(codec.TRACE_HEADER, "")

    async def working(self) -> None:
        """Tell the server that somebody is at it, which holds redelivery back by ack_wait."""
        if self._open:
            await self._answer(b"+WPI")

    async def done(self) -> None:
        await self._close(b"+ACK")

    async def retry(self, delay_s: float = 0.0) -> None:
        delay = msgspec.json.encode({"delay": int(delay_s * 1e9)}) if delay_s else b""
        await self._close(b"-NAK " + delay if delay else b"-NAK")

    async def give_up(self, reason: str) -> None:
        """End the job for good; the server records *reason* in the dead-letter stream."""
        await self._close(b"+TERM " + reason.encode()[:200])

    async def _close(self, word: bytes) -> None:
        if self._open:
            self._open = False
            self._jobs.finished()
            await self._answer(word)

    async def _answer(self, word: bytes) -> None:
        try:
            await self._jobs.bus.nc.publish(self._msg.reply, word)
        except NatsError:  # it will be delivered again, and every job is safe to do twice
            log.warning("job_answer_lost")


class Jobs:
    """The jobs of one consumer, for a worker with *slots* places.

    Events of other types than *wanted* are acknowledged undecoded; None: all are jobs. Copies
    (imported or replayed events) were done long ago: they are jobs only where *copies* says so.
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
        self.slots = slots
        self._wanted = wanted
        self._copies = copies
        self.in_flight = 0
        self.depth = 0
        """Jobs that nobody had taken when the server last told us."""
        self._asked = 0
        self._queue: asyncio.Queue[Job | None] = asyncio.Queue()
        self._subscription: Subscription | None = None
        self._drains: set[asyncio.Task[None]] = set()
        """Of subscriptions before it; each waits for an answer, which may take long."""
        self._heard_at = 0.0
        self._leaving = False
        self._told = ""
        """How the latest request ended; the same again is not news."""

    async def __aiter__(self) -> AsyncIterator[Job]:
        """Yield jobs until `leave` is called and the last one in transit has come."""
        loop = asyncio.get_running_loop()
        wake = self._wake = asyncio.Event()
        self.bus.reconnected.append(self._forget)
        await self._subscribe()
        watch = asyncio.create_task(self._keep_asking(loop, wake))
        try:
            while (job := await self._queue.get()) is not None:
                yield job
        finally:
            watch.cancel()
            self.bus.reconnected.remove(self._forget)

    def finished(self) -> None:
        """Free the slot of a job that was answered."""
        self.in_flight -= 1
        self._wake.set()

    async def leave(self) -> None:
        """Ask for no more; what the server already sent is still yielded."""
        self._leaving = True
        if self._subscription is not None and self.bus.connected:
            try:
                await self._subscription.drain()  # type: ignore[no-untyped-call]  # nats-py
            except NatsError:
                log.warning("consumer_left_unclean", consumer=self.consumer)
        self._queue.put_nowait(None)

    def _forget(self) -> None:
        """Start over: the server that knew our requests is gone or has forgotten them."""
        self._asked = 0
        self._heard_at = 0.0
        self._wake.set()

    async def _subscribe(self) -> None:
        old, inbox = self._subscription, self.bus.nc.new_inbox()
        self._subscription = await self.bus.nc.subscribe(inbox, cb=self._on_message)
        self._inbox, self._asked = inbox, 0
        if old is not None:
            # the server drops the old requests; a job on its way still counts
            leaving = asyncio.create_task(_drain(old))
            self._drains.add(leaving)
            leaving.add_done_callback(self._drains.discard)

    async def _keep_asking(self, loop: asyncio.AbstractEventLoop, wake: asyncio.Event) -> None:
        while not self._leaving:
            try:
                if self.bus.connected:
                    if self._asked and loop.time() - self._heard_at > SILENCE_LIMIT_S:
                        await self._subscribe()
                    await self._ask(loop)
            except NatsError as error:
                log.warning("consumer_pull_failed", consumer=self.consumer, error=repr(error))
            wake.clear()
            try:
                async with asyncio.timeout(0.25):
                    await wake.wait()
            except TimeoutError:
                pass

    async def _ask(self, loop: asyncio.AbstractEventLoop) -> None:
        missing = self.slots - self.in_flight - self._asked
        if missing <= 0:
            return
        self._asked += missing
        self._heard_at = max(self._heard_at, loop.time())
        request = {
            "batch": missing,
            "expires": int(PULL_EXPIRES_S * 1e9),
            "idle_heartbeat": int(IDLE_HEARTBEAT_S * 1e9),
        }
        await self.bus.nc.publish(
            f"$JS.API.CONSUMER.MSG.NEXT.{subjects.EVENTS_STREAM}.{self.consumer}",
            msgspec.json.encode(request),
            reply=self._inbox,
        )

    async def _on_message(self, msg: Msg) -> None:
        self._heard_at = asyncio.get_running_loop().time()
        status = (msg.headers or {}).get("Status")
        if status == "100":  # we have asked and nothing came: there is nothing
            self.depth = 0
            return
        if status is not None:  # the request ended: by time (408), or the consumer moved (409)
            left = (msg.headers or {}).get("Nats-Pending-Messages")
            self._asked = max(0, self._asked - int(left)) if left else 0
            if status not in {"408", self._told}:
                log.info("consumer_request_ended", consumer=self.consumer, status=status)
            self._told = status
            if status != "408":
                await asyncio.sleep(0.1)
            self._wake.set()
            return
        self._asked = max(0, self._asked - 1)
        self.depth = msg.metadata.num_pending
        kind = (msg.headers or {}).get(codec.TYPE_HEADER)
        unwanted = self._wanted is not None and kind is not None and kind not in self._wanted
        copied = codec.COPY_HEADER in (msg.headers or {})
        if unwanted or (copied and not self._copies):
            self._wake.set()
            await self.bus.nc.publish(msg.reply, b"+ACK")
            return
        self.in_flight += 1
        try:
            event = codec.decode(msg.data)
        except codec.BadMessageError as error:
            log.warning("job_malformed", consumer=self.consumer, error=str(error)[:120])
            self.in_flight -= 1
            self._wake.set()
            await self.bus.nc.publish(msg.reply, b"+TERM malformed")
            return
        self._queue.put_nowait(Job(event, msg, self))


async def _drain(subscription: Subscription) -> None:
    """Let the server send what it has sent already, then nothing more."""
    try:
        await subscription.drain()  # type: ignore[no-untyped-call]  # nats-py
    except NatsError:
        log.info("old_request_left_unclean")
