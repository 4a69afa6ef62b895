"""The sources of a subscriber's events: a durable consumer of the log, or the live mirror."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Protocol, Self

import structlog

from runtime.bus.connection import Bus
from runtime.bus.delivery import Delivery
from schemas import codec, subjects
from schemas.events import AnyEvent
from workers.analytics.subscribers import Subscriber

log = structlog.get_logger(__name__)

MOST_LIVE_EVENTS = 10_000
"""The most live events that wait for a slow handler; newer events are dropped and counted."""


class EventJob(Protocol):
    """An event being handled, answered exactly once."""

    event: AnyEvent

    @property
    def attempt(self) -> int:
        """The number of this delivery, from 1."""

    def pause(self) -> None:
        """Free the event's slot while it waits."""

    def resume(self) -> None:
        """Take a slot for the event again."""

    async def working(self) -> None: ...
    async def done(self) -> None: ...
    async def retry(self, delay_s: float = 0.0) -> None: ...
    async def give_up(self, reason: str) -> None: ...


class EventSource(Protocol):
    """Yields a subscriber's events while the block is open."""

    @property
    def depth(self) -> int:
        """The number of events that wait."""

    async def __aenter__(self) -> Self: ...
    async def __aexit__(self, *_: object) -> None: ...
    def __aiter__(self) -> AsyncIterator[EventJob]: ...
    async def drain(self) -> None: ...


class LiveEvent:
    """An event of the live mirror, which has no redelivery, so the answers have no effect."""

    attempt = 1

    def __init__(self, event: AnyEvent) -> None:
        self.event = event

    def pause(self) -> None: ...
    def resume(self) -> None: ...
    async def working(self) -> None: ...
    async def done(self) -> None: ...
    async def retry(self, delay_s: float = 0.0) -> None: ...
    async def give_up(self, reason: str) -> None: ...


class Live:
    """The live mirror as a source: each listening process gets every event."""

    def __init__(
        self, bus: Bus, subscriber: Subscriber, *, most_waiting: int = MOST_LIVE_EVENTS
    ) -> None:
        """Drop and count events beyond *most_waiting*."""
        self.dropped = 0
        self._bus = bus
        self._subscriber = subscriber
        self._most_waiting = most_waiting
        self._queue: asyncio.Queue[LiveEvent | None] = asyncio.Queue(most_waiting + 1)
        """There is room for the final None."""
        self._listening = AsyncExitStack()

    @property
    def depth(self) -> int:
        return self._queue.qsize()

    async def listen(self) -> Live:
        """Begin to listen; after the return no new event is missed."""
        for kind in self._subscriber.kinds:
            live = subjects.live(self._subscriber.tenant, "*", kind)
            listening = self._bus.listening(live, self._on_message)
            await self._listening.enter_async_context(listening)
        await self._bus.flush()
        return self

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._listening.aclose()

    async def __aiter__(self) -> AsyncIterator[EventJob]:
        while (job := await self._queue.get()) is not None:
            yield job

    async def drain(self) -> None:
        self._queue.put_nowait(None)

    async def _on_message(self, message: Delivery) -> None:
        if message.type not in {None, *self._subscriber.types}:
            return
        if self._subscriber.calls_only and message.is_copy:
            return
        if self._queue.qsize() >= self._most_waiting:
            self.dropped += 1
            if self.dropped == 1:
                log.warning("subscriber_too_slow", subscriber=self._subscriber.name)
            return
        try:
            self._queue.put_nowait(LiveEvent(message.event()))
        except codec.BadMessageError:
            log.warning("event_malformed", subscriber=self._subscriber.name)
