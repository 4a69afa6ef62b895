"""A connection's seat: taken when a session begins, in any client protocol, and left after it.

All limits of sessions are checked here: the drain of the edge, the rate of an address, the stages,
and the limits of users, tenants and strangers.
"""

import asyncio
import secrets
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Protocol

import structlog

from edge.call import counters
from edge.call.clock import now_ms
from edge.core.session.history import History
from edge.door.callers.auth import Caller
from edge.door.limits.session_limits import FullError, SessionKeys, SessionLimits
from edge.door.limits.session_rates import SessionRates
from edge.door.opening.resume import resumable
from edge.door.refusal import RefusedError
from edge.protocols.client_protocol import ClientProtocol, CloseCode
from runtime.bus.errors import BusAwayError, FencedError
from runtime.bus.reader import Stored
from schemas import subjects
from schemas.codec import BadMessageError

log = structlog.get_logger(__name__)

EVENTS_AT_ONCE = 40
"""The events of a resumed session that are read before other tasks run."""
RESUMED_TTL_S = 60
"""The time for which the edges know of a resume: the clocks of two differ by less."""


class SeatBus(Protocol):
    """The part of the bus that has the log of all sessions, and what all edges know of them."""

    async def read(self, stream: str, subject: str) -> list[Stored]:
        """Return the messages of *subject* in *stream*, oldest first."""

    async def put(self, key: str, value: str, last: int, *, ttl_s: int) -> int:
        """Write *key* for *ttl_s* if *last* is its newest sequence; 0: it does not exist."""


@dataclass(frozen=True)
class Seats:
    """The limits that an edge checks before a session begins or is resumed."""

    bus: SeatBus
    drains: Callable[[], bool]
    """Whether the edge begins no session any more."""
    full_stage: Callable[[str, bool], str]
    """Returns the stage that refuses a new call of (address, stranger); empty: none."""
    retry_after_s: int
    """The seconds after which a refused call may try again."""
    limits: SessionLimits
    rates: SessionRates


def new_session() -> str:
    """Return the id of a session that is alone on its connection."""
    return f"s_{secrets.token_hex(10)}"


class Seat:
    """The seat of one connection, for one session at a time."""

    def __init__(  # noqa: PLR0913  # all but four are optional keyword arguments
        self,
        seats: Seats,
        protocol: ClientProtocol,
        caller: Caller,
        address: str,
        *,
        session: str = "",
        resume_key: str = "",
        on_taken: Callable[[], None] = lambda: None,
    ) -> None:
        """Offer a seat to *caller*; *on_taken* is called whenever it is taken.

        *session* is the id of the only new session; empty: any. *resume_key* is the client's own,
        which is needed to resume the session; empty: none.
        """
        self._seats = seats
        self.protocol = protocol
        self.caller = caller
        self.address = address
        self._on_taken = on_taken
        self._session = session
        self.resume_key = resume_key
        self._held: SessionKeys | None = None

    async def take(self) -> tuple[str, History | None, int]:
        """Return the id of the session, its history if it is resumed, and the time, Unix ms.

        Raises:
            RefusedError: it cannot begin now.
        """
        await self.leave()
        if self._seats.drains():
            details = "the edge restarts: connect again"
            raise RefusedError(
                "RESTARTING", "Service restarting", details, CloseCode.SERVICE_RESTART, ends=True
            )
        try:
            self._count_session()
            history = await self._remembered()
            self._not_while_all_are_busy(history)
            session = self.protocol.resumes if history else self._new_session()
            at_ms = await self._resumed_ms(session) if history else now_ms()
            holder = self.caller if self.caller.named else None
            self._held = await self._seats.limits.take(holder, session)
        except FullError as full:
            counters.refused("conversations" if full.code == "RATE_LIMITED" else "sessions")
            message = "Service busy" if full.code == "OVERLOADED" else "Too many sessions"
            raise RefusedError(full.code, message, str(full)) from full
        except BusAwayError as away:  # a new session would lose the history
            details = "the event bus is away: try again with the same session"
            raise RefusedError("BUS_AWAY", "Session not reachable", details) from away
        self._on_taken()
        return session, history, at_ms

    async def leave(self) -> None:
        """Give the seat back, if there is one."""
        held, self._held = self._held, None
        if held:
            await self._seats.limits.leave(held)

    def _count_session(self) -> None:
        rates, stranger = self._seats.rates, not self.caller.named
        if why := rates.refusal(self.address, time.monotonic(), stranger=stranger):
            raise FullError("RATE_LIMITED", why)

    def _not_while_all_are_busy(self, history: History | None) -> None:
        full = self._seats.full_stage(self.address, not self.caller.named)
        if full and not history:  # a running session may be resumed
            wait_s = self._seats.retry_after_s
            raise FullError("OVERLOADED", f"the {full} stage is busy: try again in {wait_s} s")

    async def _remembered(self) -> History | None:
        """Return the history of the requested session; None: the caller may not resume it.

        Raises:
            BusAwayError: no server answers.
        """
        session, caller = self.protocol.resumes, self.caller
        if not session:
            return None
        events = []
        found = await self._seats.bus.read(
            subjects.EVENTS_STREAM, subjects.session_events(caller.tenant, session)
        )
        for number, stored in enumerate(found):
            if number % EVENTS_AT_ONCE == 0:
                await asyncio.sleep(0)
            try:
                events.append(stored.event())
            except BadMessageError:  # an event of a newer Aura
                log.warning("event_malformed", subject=stored.subject)
        owner = {"tenant": caller.tenant, "user": caller.user, "key": self.resume_key}
        return await asyncio.to_thread(partial(resumable, events, **owner, now_ms=now_ms()))

    async def _resumed_ms(self, session: str) -> int:
        """Return the time of this resume, Unix ms, which is that of no other resume of *session*.

        The time is part of the id of the event that begins a connection. If two had one id, the log
        would keep one event for both, and neither would learn that the other goes on.
        """
        bus, key = self._seats.bus, f"{subjects.SEATS}.resumed.{self.caller.tenant}.{session}"
        at_ms = now_ms()
        try:
            while True:
                stored = await bus.read(subjects.SEATS_STREAM, key)
                last, before_ms = (stored[-1].seq, int(stored[-1].data)) if stored else (0, 0)
                at_ms = max(now_ms(), before_ms + 1)
                with suppress(FencedError):  # another resume was first
                    await bus.put(key, str(at_ms), last, ttl_s=RESUMED_TTL_S)
                    return at_ms
        except BusAwayError:  # the log has answered: a full or lost bucket costs no session
            log.warning("resume_not_counted")
            return at_ms

    def _new_session(self) -> str:
        if self._session:
            return self._session
        if self.protocol.admission.one_session:
            return new_session()
        number = f"{time.time_ns() // 1_000_000}{secrets.randbelow(10_000):04}"
        return f"session_{self.protocol.connection}_{number}"
