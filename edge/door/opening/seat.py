"""A connection's seat: taken when a session begins, in any client protocol, and left after it.

All limits of sessions are checked here: the drain of the edge, the rate of an address, the stages,
and the limits of users, tenants and strangers.
"""

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial

from edge.call import counters
from edge.call.clock import now_ms
from edge.door.callers.auth import Caller
from edge.door.limits.session_limits import FullError, SessionKeys, SessionLimits
from edge.door.limits.session_rates import SessionRates
from edge.door.opening.resume import resumable
from edge.door.opening.resumed_log import LogBus, ResumedLog
from edge.door.refusal import RefusedError
from edge.protocols.client_protocol import ClientProtocol, CloseCode
from runtime.bus.errors import BusAwayError


@dataclass(frozen=True)
class Seats:
    """The limits that an edge checks before a session begins or is resumed."""

    bus: LogBus
    drains: Callable[[], bool]
    """Whether the edge begins no session any more."""
    full_stage: Callable[[str, bool], str]
    """Returns the stage that refuses a new call of (address, stranger); empty: none."""
    retry_after_s: int
    """The seconds after which a refused call may try again."""
    limits: SessionLimits
    rates: SessionRates


def not_reachable() -> RefusedError:
    """Return the error of a session whose log cannot be read or written."""
    details = "the event bus is away: try again with the same session"
    return RefusedError("BUS_AWAY", "Session not reachable", details)


def new_session() -> str:
    """Return the id of a session that is alone on its connection."""
    return f"s_{secrets.token_hex(10)}"


class Seat:
    """The seat of one connection, for one session at a time."""

    def __init__(  # noqa: PLR0913  # four say whose seat; the others are options
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

    async def take(self) -> tuple[str, ResumedLog | None]:
        """Return the id of the session, and its log if it is resumed.

        Raises:
            RefusedError: it cannot begin now.
        """
        await self.give_back()
        if self._seats.drains():
            details = "the edge restarts: connect again"
            raise RefusedError(
                "RESTARTING", "Service restarting", details, CloseCode.SERVICE_RESTART, ends=True
            )
        try:
            self._count_session()
            resumed = await self._resumed_log()
            self._not_while_all_are_busy(resumed)
            session = self.protocol.resumes if resumed else self._new_session()
            holder = self.caller if self.caller.named else None
            self._held = await self._seats.limits.take(holder, session)
        except FullError as full:
            counters.refused("conversations" if full.code == "RATE_LIMITED" else "sessions")
            message = "Service busy" if full.code == "OVERLOADED" else "Too many sessions"
            raise RefusedError(full.code, message, str(full)) from full
        except BusAwayError as away:  # a new session would lose the history
            raise not_reachable() from away
        self._on_taken()
        return session, resumed

    @asynccontextmanager
    async def taken(self) -> AsyncIterator[tuple[str, ResumedLog | None]]:
        """Take the seat like `take`, and give it back if the block refuses the session."""
        taken = await self.take()
        try:
            yield taken
        except RefusedError:
            await self.give_back()
            raise

    async def give_back(self) -> None:
        """Give the seat back, if there is one."""
        held, self._held = self._held, None
        if held:
            await self._seats.limits.give_back(held)

    def _count_session(self) -> None:
        rates, stranger = self._seats.rates, not self.caller.named
        if why := rates.refusal(self.address, time.monotonic(), stranger=stranger):
            raise FullError("RATE_LIMITED", why)

    def _not_while_all_are_busy(self, resumed: ResumedLog | None) -> None:
        full = self._seats.full_stage(self.address, not self.caller.named)
        if full and not resumed:  # a running session may be resumed
            wait_s = self._seats.retry_after_s
            raise FullError("OVERLOADED", f"the {full} stage is busy: try again in {wait_s} s")

    async def _resumed_log(self) -> ResumedLog | None:
        """Return the log of the requested session; None: the caller may not resume it.

        Raises:
            BusAwayError: no server answers.
        """
        session, caller = self.protocol.resumes, self.caller
        if not session:
            return None
        log = ResumedLog(self._seats.bus, caller.tenant, session)
        await log.read()
        owner = {"tenant": caller.tenant, "user": caller.user, "key": self.resume_key}
        decide = partial(resumable, log.events, **owner, now_ms=now_ms())
        if (history := await asyncio.to_thread(decide)) is None:
            return None
        log.history = history
        return log

    def _new_session(self) -> str:
        if self._session:
            return self._session
        if self.protocol.admission.one_session:
            return new_session()
        number = f"{time.time_ns() // 1_000_000}{secrets.randbelow(10_000):04}"
        return f"session_{self.protocol.connection}_{number}"
