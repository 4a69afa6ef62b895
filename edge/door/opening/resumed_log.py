"""Reads the log of a session that a caller resumes, and stores the new connection's first event.

The former connection may still decide while the log is read. So the first event is stored before
the last read: the history holds all events before it, and the former connection stops at it.
"""

import asyncio
from collections.abc import Callable
from typing import Protocol

import structlog
from msgspec.structs import replace

from edge.call.clock import now_ms
from edge.core.session.history import History, fold
from edge.door.opening.resume import hung_up
from runtime.bus.reader import Stored
from schemas import subjects
from schemas.codec import BadMessageError
from schemas.events import AnyEvent, Event, SessionResumed

log = structlog.get_logger(__name__)

EVENTS_AT_ONCE = 40
"""The events that are decoded before other tasks run."""


class LogBus(Protocol):
    """The part of the bus that has the log of all sessions."""

    async def read(
        self, stream: str, subject: str, *, after: int = 0, at_least: int = 0
    ) -> list[Stored]:
        """Return the messages of *subject* in *stream* after sequence *after*, oldest first."""

    async def publish(self, event: Event, data: bytes) -> int:
        """Store *event*, whose bytes are *data*, and return its sequence in the stream."""


class ResumedLog:
    """The events of one session."""

    def __init__(self, bus: LogBus, tenant: str, session: str) -> None:
        self._bus = bus
        self._subject = subjects.session_events(tenant, session)
        self.events: list[AnyEvent] = []
        """The events that were read, oldest first, without those of a newer Aura."""
        self.history = History()
        """The history of a session that may be resumed."""
        self._seq = 0
        """The sequence of the last event."""

    async def read(self) -> None:
        """Read the events of the log.

        Raises:
            BusAwayError: no server answers.
        """
        await self._add(await self._bus.read(subjects.EVENTS_STREAM, self._subject))

    async def begin(
        self, began: SessionResumed, encode: Callable[[Event], bytes]
    ) -> tuple[SessionResumed, int]:
        """Store *began*; return it and its size, bytes. `history` is then what was before it.

        Its time is part of its id, and is changed if another connection was stored with that id:
        with one event for two of them, neither would learn that the other goes on. If the former
        connection hung up meanwhile, the session ends again.

        Raises:
            BusAwayError: no server answers, or none has it.
            BusRefusedError: it is too large.
        """
        while True:
            data = encode(began)
            seq = await self._bus.publish(began, data)
            later = await self._bus.read(
                subjects.EVENTS_STREAM, self._subject, after=self._seq, at_least=seq
            )
            if before := [one for one in later if one.seq < seq]:
                await self._add(before)
                self.history = await asyncio.to_thread(fold, self.events)
            stored = next((one.readable() for one in later if one.seq == seq), None)
            if isinstance(stored, SessionResumed) and _origin(stored) == _origin(began):
                break
            began = replace(began, at_ms=max(now_ms(), began.at_ms + 1))
        if ended := hung_up(self.history):
            at_ms = max(began.at_ms, ended.at_ms) + 1
            ended = replace(ended, at_ms=at_ms, connected_at_ms=began.at_ms)
            await self._bus.publish(ended, encode(ended))
        return began, len(data)

    async def _add(self, found: list[Stored]) -> None:
        for number, stored in enumerate(found):
            if number % EVENTS_AT_ONCE == 0:
                await asyncio.sleep(0)
            self._seq = stored.seq
            try:
                self.events.append(stored.event())
            except BadMessageError:  # an event of a newer Aura
                log.warning("event_malformed", subject=stored.subject)


def _origin(resumed: SessionResumed) -> tuple[str, str]:
    """Return the edge and the connection that resumed the session."""
    return resumed.edge, resumed.connection
