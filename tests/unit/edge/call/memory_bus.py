"""A bus without a server, for tests of one session's shell."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import msgspec
from nats.aio.client import Client

from runtime.bus.connection import DeliveryHandler
from runtime.bus.delivery import Delivery
from runtime.bus.link_liveness import LinkLiveness
from runtime.bus.reader import Stored
from schemas import codec, subjects
from schemas import events as ev


class MemoryBus:
    """A bus that keeps what it is given."""

    def __init__(self) -> None:
        self.stored: list[ev.Event] = []
        self.log: list[Stored] = []
        """What the log holds for readers."""
        self.was_read = asyncio.Event()
        self.sent: list[tuple[str, msgspec.Struct]] = []
        self.reconnected: list[Callable[[], None]] = []
        self.liveness = LinkLiveness(Client())
        self._handlers: dict[str, DeliveryHandler] = {}

    async def publish(self, event: ev.Event, data: bytes, *, timeout_s: float) -> int:
        assert codec.decode(data) == event
        assert timeout_s > 0
        self.stored.append(event)
        return len(self.stored)

    async def read(self, stream: str, subject: str, *, after: int = 0) -> list[Stored]:
        del stream
        self.was_read.set()
        return [one for one in self.log if one.subject == subject and one.seq > after]

    async def send(self, subject: str, message: msgspec.Struct) -> bool:
        self.sent.append((subject, message))
        return True

    @asynccontextmanager
    async def listening(self, subject: str, handler: DeliveryHandler) -> AsyncIterator[None]:
        self._handlers[subject] = handler
        yield
        del self._handlers[subject]

    async def deliver(self, event: ev.Event, seq: int) -> None:
        """Give *event*, stored at *seq* of the log, to its handler."""
        subject = subjects.live(event.tenant, event.session, event.KIND)
        await self._handlers[subject](Delivery(subject, codec.encode(event), {}, seq))

    async def yield_to_jobs(self) -> None:
        await asyncio.sleep(0)
