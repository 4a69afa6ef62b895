"""How many calls at once, counted across all edges: numbered seats in a NATS KV bucket.

A limit of 100 is 100 keys; whoever creates a key has that seat (the server compares and sets, so
no two edges ever have the same one). A key lives 30 s unless its edge renews it: the seats of a
dead edge come back by themselves. A reconnect takes a key that nobody renews and that lives a
minute, so at most so many happen in any minute.
"""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass, field

import structlog

from edge.door.auth import Caller
from runtime.bus.connection import Bus
from runtime.bus.errors import BusAwayError, FencedError
from schemas import subjects

log = structlog.get_logger(__name__)

TTL_S = 30
RENEW_S = 10.0
JOIN_TTL_S = 60
PROBES = 3
"""Seats tried blindly before the bucket is read."""


@dataclass(frozen=True)
class Limits:
    """Sessions at once, and joins a minute and user."""

    everywhere: int
    a_tenant: int
    a_user: int
    joins_a_minute: int


class FullError(Exception):
    """No seat; the message says which limit, the code is for machines."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(eq=False)
class HeldSession:
    """The keys that one session holds, each with the sequence it was last written with."""

    session: str
    keys: dict[str, int] = field(default_factory=dict)


class SessionLimits:
    """The seats of the calls on this edge."""

    def __init__(self, bus: Bus, limits: Limits) -> None:
        self._bus = bus
        self._limits = limits
        self._held: set[HeldSession] = set()

    async def take(self, caller: Caller | None, session: str) -> HeldSession:
        """Return a seat for *session*; *caller* None has no name and is counted everywhere only.

        A session that is resumed takes over the seats that its former edge may still hold.

        Raises:
            FullError: one of the limits is reached.
        """
        seat, limits = HeldSession(session), self._limits
        wanted = [("all", limits.everywhere, "in all", TTL_S)]
        if caller is not None:
            own = f"{caller.tenant}.{caller.user}"
            wanted = [
                (f"join.{own}", limits.joins_a_minute, "joins of this user a minute", JOIN_TTL_S),
                (f"user.{own}", limits.a_user, "of this user", TTL_S),
                (f"tenant.{caller.tenant}", limits.a_tenant, "of this tenant", TTL_S),
                *wanted,
            ]
        try:
            for prefix, limit, whose, ttl_s in wanted:
                claimed = await self._claim(prefix, limit, ttl_s, session)
                if claimed is None:
                    await self.leave(seat)
                    raise FullError("SESSION_LIMIT", f"the limit of {limit} {whose} is reached")
                if ttl_s == TTL_S:
                    seat.keys[claimed[0]] = claimed[1]
        except BusAwayError:  # it must not keep a caller out: they are told of it soon enough
            log.warning("seat_not_counted")
        self._held.add(seat)
        return seat

    async def leave(self, seat: HeldSession) -> None:
        """Give the seat back."""
        self._held.discard(seat)
        for key, seq in seat.keys.items():  # one that a resumed session took over is not ours
            try:
                await self._bus.forget(key, seq)
            except BusAwayError:
                log.info("seat_left_to_expire")

    async def renew(self) -> None:
        """Keep the seats of this edge alive until cancelled."""
        while True:
            await asyncio.sleep(RENEW_S)
            for seat in list(self._held):
                for key in list(seat.keys):
                    await self._renew(seat, key)

    async def _renew(self, seat: HeldSession, key: str) -> None:
        try:
            seat.keys[key] = await self._bus.put(key, seat.session, seat.keys[key], ttl_s=TTL_S)
        except FencedError:
            await self._find_again(seat, key)
        except BusAwayError:
            log.warning("seat_not_renewed")

    async def _find_again(self, seat: HeldSession, key: str) -> None:
        """Look who has *key*: an answer was lost, it expired, or another sits there now."""
        try:
            newest = await self._bus.read(subjects.SEATS_STREAM, key)
            if not newest or not newest[-1].data:
                seat.keys[key] = await self._bus.put(key, seat.session, 0, ttl_s=TTL_S)
            elif newest[-1].data == seat.session.encode():
                seat.keys[key] = newest[-1].seq
            else:
                seat.keys.pop(key, None)
                log.info("seat_lost")
        except FencedError:
            seat.keys.pop(key, None)
        except BusAwayError:
            log.warning("seat_not_renewed")

    async def _claim(
        self, prefix: str, limit: int, ttl_s: int, session: str
    ) -> tuple[str, int] | None:
        """Return the key and sequence of a free seat, None where all are taken."""
        for number in random.sample(range(limit), min(PROBES, limit)):
            if claimed := await self._try(f"{prefix}.{number}", session, 0, ttl_s):
                return claimed
        stored = await self._bus.read(subjects.SEATS_STREAM, f"{subjects.SEATS}.{prefix}.*")
        taken = {one.subject.rpartition(".")[2]: one for one in stored if one.data}
        own = [(n, one.seq) for n, one in taken.items() if one.data == session.encode()]
        free = [(str(n), 0) for n in range(limit) if str(n) not in taken]
        random.shuffle(free)
        for name, last in own if ttl_s == TTL_S and own else free[:20]:
            if claimed := await self._try(f"{prefix}.{name}", session, last, ttl_s):
                return claimed
        return None

    async def _try(self, name: str, session: str, last: int, ttl_s: int) -> tuple[str, int] | None:
        key = f"{subjects.SEATS}.{name}"
        try:
            return key, await self._bus.put(key, session, last, ttl_s=ttl_s)
        except FencedError:
            return None
