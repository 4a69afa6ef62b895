"""The bus as one session uses it: a part of `runtime/bus/connection.py`, which describes it."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Protocol

import msgspec

from runtime.bus.connection import DeliveryHandler
from runtime.bus.link_liveness import LinkLiveness
from runtime.bus.reader import Stored
from schemas.events import Event


class SessionBus(Protocol):
    """Stores a session's events, reads them again, and sends and hears its messages."""

    liveness: LinkLiveness
    reconnected: list[Callable[[], None]]

    async def publish(self, event: Event, data: bytes, *, timeout_s: float) -> int: ...
    async def read(self, stream: str, subject: str, *, after: int = 0) -> list[Stored]: ...
    async def send(self, subject: str, message: msgspec.Struct) -> bool: ...
    async def yield_to_jobs(self) -> None: ...
    def listening(
        self, subject: str, handler: DeliveryHandler
    ) -> AbstractAsyncContextManager[None]: ...
