"""The bus of one job, which holds the audio of its utterance and keeps what the job says."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec

from runtime.bus.connection import DeliveryHandler
from runtime.bus.delivery import Delivery
from runtime.bus.errors import BusAwayError
from runtime.bus.reader import Stored
from schemas import codec, subjects
from schemas.audio import AudioFrame
from schemas.events import Event


class StageBus:
    """A bus without a server."""

    def __init__(self, *stored: AudioFrame) -> None:
        self.stored = list(stored)
        """The audio that the stream holds."""
        self.published: list[Event] = []
        self.sent: list[msgspec.Struct] = []
        self.most_sent = 1000
        """The messages without an ack after which the bus is away."""
        self.stores = True
        """Whether events are stored."""
        self.newest: Event | None = None
        """The newest transcript of the session."""
        self.asked_for_newest = 0
        self._handlers: dict[str, DeliveryHandler] = {}

    @property
    def listeners(self) -> int:
        return len(self._handlers)

    async def speak(self, *frames: AudioFrame) -> None:
        """Send *frames* live, each to who listens; the stream does not hold them."""
        for frame in frames:
            for subject, handler in self._handlers.items():
                await handler(Delivery(subject, codec.encode(frame), {}))

    async def publish(self, event: Event) -> int:
        if not self.stores:
            raise BusAwayError("it was not acknowledged")
        self.published.append(event)
        return len(self.published)

    async def send(self, subject: str, message: msgspec.Struct) -> bool:
        del subject
        if len(self.sent) >= self.most_sent:
            return False
        self.sent.append(message)
        return True

    @asynccontextmanager
    async def listening(self, subject: str, handler: DeliveryHandler) -> AsyncIterator[None]:
        self._handlers[subject] = handler
        try:
            yield
        finally:
            del self._handlers[subject]

    async def read(self, stream: str, subject: str) -> list[Stored]:
        assert stream == subjects.AUDIO_STREAM
        return [
            Stored(subject, seq, codec.encode(frame), {}, "")
            for seq, frame in enumerate(self.stored, 1)
        ]

    async def last_of(self, subject: str) -> Stored | None:
        self.asked_for_newest += 1
        newest = self.newest
        return Stored(subject, 1, codec.encode(newest), {}, "") if newest else None
