"""Runs a subscriber: passes events in order, answers each exactly once, retries with backoff.

Each subscriber has its own consumer, so a slow handler delays no other subscriber and no call.
"""

import asyncio
import time
import traceback

import structlog

from runtime.bus.connection import Bus
from schemas import subjects
from schemas.events import AnyEvent, tag
from workers.analytics import counters
from workers.analytics.event_sources import EventJob, EventSource
from workers.analytics.subscribers import (
    Context,
    GiveUp,
    Handler,
    Postpone,
    RetryLater,
    Subscriber,
)

log = structlog.get_logger(__name__)

LONGEST_WAIT_S = 900.0
"""The time after which an event that is postponed again and again is given up."""
ROOM_S = 0.1
"""The time until a postponed event looks again for room among those that wait for a handler."""


class Runner:
    """A subscriber in this process."""

    def __init__(
        self, subscriber: Subscriber, source: EventSource, *, longest_wait_s: float = LONGEST_WAIT_S
    ) -> None:
        self.subscriber = subscriber
        self.done = 0
        self.failed = 0
        self._source = source
        self._longest_wait_s = longest_wait_s
        self._waiting: asyncio.Queue[EventJob | None] = asyncio.Queue(subscriber.ahead)
        """The events that wait for a handler; while it is full, no more are fetched."""
        self._held: dict[EventJob, float] = {}
        """The events that are not answered yet, and when each came, on the loop's clock."""
        self._postponed: dict[EventJob, asyncio.TimerHandle] = {}
        """Those that come again by a timer. They have no slot, so others are fetched meanwhile."""
        counters.LAG.labels(subscriber.name).set_function(lambda: source.depth)

    @property
    def in_flight(self) -> int:
        return len(self._held)

    async def run(self, context: Context, stop: asyncio.Event) -> None:
        """Handle events until *stop*; events that were not begun by then are given back."""
        async with (
            self.subscriber.opens(context) as handler,
            self._source,
            asyncio.TaskGroup() as tasks,
        ):
            heart = tasks.create_task(self._keep_alive())
            draining = tasks.create_task(self._drain_at(stop))
            hands = [
                tasks.create_task(self._work(handler, context.bus, stop))
                for _ in range(self.subscriber.at_once)
            ]
            async for delivery in self._source:
                if not self._wants(delivery.event):
                    await delivery.done()
                    continue
                self._held[delivery] = asyncio.get_running_loop().time()
                await self._waiting.put(delivery)
            for _ in hands:
                await self._waiting.put(None)
            await asyncio.wait(hands)
            await self._give_back()
            heart.cancel()
            draining.cancel()

    def _wants(self, event: AnyEvent) -> bool:
        if self.subscriber.calls_only and subjects.is_replay(event.session):
            return False
        return tag(event) in self.subscriber.types

    async def _drain_at(self, stop: asyncio.Event) -> None:
        await stop.wait()
        await self._source.drain()

    async def _give_back(self) -> None:
        """Give back the events that wait, after the last call of the handler."""
        while self._postponed:
            delivery, timer = self._postponed.popitem()
            timer.cancel()
            delivery.resume()
            await delivery.retry()
        while not self._waiting.empty():
            if late := self._waiting.get_nowait():
                await late.retry()

    async def _keep_alive(self) -> None:
        while True:
            await asyncio.sleep(self.subscriber.ack_wait_s / 3)
            for delivery in list(self._held):
                await delivery.working()

    async def _work(self, handler: Handler, bus: Bus, stop: asyncio.Event) -> None:
        """Handle events until there are no more."""
        more = True
        while more:
            deliveries, more = await self._collect_batch(stop)
            if stop.is_set() and not self.subscriber.batch:
                for delivery in deliveries:
                    await delivery.retry()
            elif deliveries:
                await self._handle(handler, bus, deliveries)
            for delivery in deliveries:
                if delivery not in self._postponed:
                    del self._held[delivery]

    async def _collect_batch(self, stop: asyncio.Event) -> tuple[list[EventJob], bool]:
        """Return the events for the next call of the handler, and whether more may come."""
        first = await self._waiting.get()
        if first is None:
            return [], False
        taken, loop = [first], asyncio.get_running_loop()
        until_s = loop.time() + self.subscriber.batch_wait_s
        while len(taken) < self.subscriber.batch and not stop.is_set():
            try:
                async with asyncio.timeout_at(until_s):
                    delivery = await self._waiting.get()
            except TimeoutError:
                break
            if delivery is None:
                return taken, False
            taken.append(delivery)
        return taken, True

    async def _handle(self, handler: Handler, bus: Bus, deliveries: list[EventJob]) -> None:
        subscriber, began_s = self.subscriber, time.monotonic()
        events = [await bus.configurations.in_event(d.event) for d in deliveries]
        delivered = events if subscriber.batch else events[0]
        try:
            async with asyncio.timeout(subscriber.limit_s):
                await handler(delivered)
        except Postpone as error:
            for delivery in deliveries:
                await self._postpone(delivery, error)
        except Exception as error:  # noqa: BLE001  # the boundary: logged once, answered once
            if len(deliveries) > 1 and any(self._gives_up(d, error) for d in deliveries):
                middle = len(deliveries) // 2  # the halves of a failed batch are tried apart
                await self._handle(handler, bus, deliveries[:middle])
                await self._handle(handler, bus, deliveries[middle:])
                return
            for delivery in deliveries:
                await self._answer_failure(delivery, error)
        else:
            self.done += len(deliveries)
            counters.EVENTS.labels(subscriber.name, "done").inc(len(deliveries))
            for delivery in deliveries:
                await delivery.done()
        counters.HANDLER_SECONDS.labels(subscriber.name).observe(time.monotonic() - began_s)

    async def _postpone(self, delivery: EventJob, error: Postpone) -> None:
        """Call the handler again later, without a new delivery, which would count as a try."""
        loop = asyncio.get_running_loop()
        if loop.time() - self._held[delivery] > self._longest_wait_s:
            await self._answer_failure(delivery, GiveUp("it was postponed for too long"))
            return
        delivery.pause()
        self._postponed[delivery] = loop.call_later(error.delay_s, self._come_again, delivery)

    def _come_again(self, delivery: EventJob) -> None:
        """Queue a postponed event, as soon as there is room."""
        if self._waiting.full():
            timer = asyncio.get_running_loop().call_later(ROOM_S, self._come_again, delivery)
            self._postponed[delivery] = timer
            return
        del self._postponed[delivery]
        delivery.resume()
        self._waiting.put_nowait(delivery)

    def _gives_up(self, delivery: EventJob, error: Exception) -> bool:
        return isinstance(error, GiveUp) or delivery.attempt >= self.subscriber.tries

    async def _answer_failure(self, delivery: EventJob, error: Exception) -> None:
        subscriber = self.subscriber
        gave_up = self._gives_up(delivery, error)
        log.warning(
            "subscriber_failed",
            subscriber=subscriber.name,
            event_id=delivery.event.id,
            attempt=delivery.attempt,
            gave_up=gave_up,
            error=str(error) if isinstance(error, GiveUp | RetryLater) else type(error).__name__,
            where=_where(error),
        )
        if gave_up:
            self.failed += 1
            counters.EVENTS.labels(subscriber.name, "failed").inc()
            await delivery.give_up(f"{subscriber.name}: {type(error).__name__}")
            return
        counters.EVENTS.labels(subscriber.name, "retried").inc()
        delay_s = subscriber.backoff_s * 2 ** (delivery.attempt - 1)
        if isinstance(error, RetryLater):
            delay_s = max(delay_s, error.delay_s)
        await delivery.retry(min(delay_s, subscriber.longest_backoff_s))


def _where(error: Exception) -> str:
    """Return the file and line of *error*, without its message, which may hold a caller's words."""
    stack = traceback.extract_tb(error.__traceback__)
    return f"{stack[-1].filename}:{stack[-1].lineno}" if stack else ""
