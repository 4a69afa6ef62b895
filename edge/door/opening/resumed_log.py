"""Reads the log of a session that a caller resumes, and stores the new connection's first event.

The former connection may still decide while the log is read. So the first event is stored before
the last read: the history holds all events before it, and the former connection stops at it.
"""

import asyncio
from collections.abc import Callable
from typing import Protocol

import msgspec
import structlog

from edge.call.clock import now_ms
from edge.core.session.history import History, fold
from runtime.bus.errors import BusAwayError
from runtime.bus.reader import Stored
from schemas import subjects
from schemas.codec import BadMessageError
from schemas.events import AnyEvent, SessionResumed

log = structlog.get_logger(__name__)

EVENTS_AT_ONCE = 40
"""The events that are decoded before other tasks run."""
READ_AGAIN_S = 0.05
MOST_READS = 40
"""The reads for an event that was stored: the replica that answers may be a moment behind."""


class LogBus(Protocol):
    """The part of the bus that has the log of all sessions."""

    async def read(self, stream: str, subject: str, *, after: int = 0) -> list[Stored]:
        """Return the messages of *subject* in *stream* after sequence *after*, oldest first."""

    async def publish(self, event: SessionResumed, data: bytes) -> int:
        """Store *event*, whose bytes are *data*, and return its sequence in the stream."""


class ResumedLog:
    """The events of one session."""

    def __init__(
        self, bus: LogBus, tenant: str, session: str, *, read_again_s: float = READ_AGAIN_S
    ) -> None:
        self._bus = bus
        self._read_again_s = read_again_s
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
        self, began: SessionResumed, encode: Callable[[SessionResumed], bytes]
    ) -> SessionResumed:
        """Store *began*, and return it; `history` is then what was before it.

        Its time is part of its id, and is changed if another connection was stored with that id:
        with one event for two of them, neither would learn that the other goes on.

        Raises:
            BusAwayError: no server answers.
            BusRefusedError: it is too large.
        """
        while True:
            seq = await self._bus.publish(began, encode(began))
            later = await self._read_to(seq)
            if before := [one for one in later if one.seq < seq]:
                await self._add(before)
                self.history = await asyncio.to_thread(fold, self.events)
            stored = next((one.readable() for one in later if one.seq == seq), None)
            if isinstance(stored, SessionResumed) and _origin(stored) == _origin(began):
                return began
            began = msgspec.structs.replace(began, at_ms=max(now_ms(), began.at_ms + 1))

    async def _read_to(self, seq: int) -> list[Stored]:
        """Return the messages after the last event, with that of *seq* unless it is older.

        Raises:
            BusAwayError: no server answers, or none has it.
        """
        for _ in range(MOST_READS):
            later = await self._bus.read(subjects.EVENTS_STREAM, self._subject, after=self._seq)
            if seq <= self._seq or any(one.seq == seq for one in later):
                return later
            await asyncio.sleep(self._read_again_s)
        raise BusAwayError("a stored event cannot be read")

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
