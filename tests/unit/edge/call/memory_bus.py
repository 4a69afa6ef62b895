"""A bus without a server, for tests of one session's shell."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any

from schemas import codec
from schemas import events as ev


class MemoryBus:
    """A bus that keeps what it is given."""

    def __init__(self) -> None:
        self.stored: list[ev.Event] = []
        self.sent: list[tuple[str, Any]] = []
        self.reconnected: list[Any] = []
        self.liveness = SimpleNamespace(changed=[], away=False)

    async def publish(self, event: ev.Event, data: bytes, *, patience_s: float) -> None:
        assert codec.decode(data) == event
        assert patience_s > 0
        self.stored.append(event)

    async def send(self, subject: str, message: Any) -> bool:
        self.sent.append((subject, message))
        return True

    @asynccontextmanager
    async def listening(self, *_: object) -> AsyncIterator[None]:
        yield

    async def yield_to_jobs(self) -> None:
        await asyncio.sleep(0)
