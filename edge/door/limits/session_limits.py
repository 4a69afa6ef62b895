"""Limits of sessions at once, counted across all edges by keys in a NATS KV bucket.

A limit of 100 is 100 keys, and a session holds one of them: the server compares and sets, so no two
sessions have the same key. A key expires after 30 s unless its edge renews it, so that the keys of
a dead edge become free by themselves. A join takes a key that lives a minute and is never renewed,
which limits the joins of a minute.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import structlog
from msgspec import UNSET

from edge.door.callers.auth import Caller
from runtime.bus.connection import Bus
from runtime.bus.errors import BusAwayError, FencedError
from runtime.tasks import shielded
from schemas import subjects
from schemas.tenant import TenantLimits

log = structlog.get_logger(__name__)

TTL_S = 30
RENEW_S = 10.0
JOIN_TTL_S = 60
PROBES = 3
"""Keys tried at random before the bucket is read."""


@dataclass(frozen=True)
class Limits:
    """Sessions at once, and joins a minute and user."""

    everywhere: int
    per_tenant: int
    per_user: int
    joins_per_minute: int
    without_token: int = 0
    """The limit of strangers' sessions among all; 0: none."""

    def but(self, tenants: TenantLimits) -> Limits:
        """Return those of a tenant that has some of its own."""
        return replace(
            self,
            per_tenant=self.per_tenant if tenants.sessions is UNSET else tenants.sessions,
            per_user=self.per_user
            if tenants.sessions_per_user is UNSET
            else tenants.sessions_per_user,
            joins_per_minute=self.joins_per_minute
            if tenants.reconnects_per_minute is UNSET
            else tenants.reconnects_per_minute + 1,
        )


OfTenant = Callable[[str], TenantLimits]


class FullError(Exception):
    """A limit is reached: the message names it, the code is for machines."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(eq=False)
class SessionKeys:
    """The keys that a session holds, each with the sequence of its last write."""

    session: str
    keys: dict[str, int] = field(default_factory=dict)


class SessionLimits:
    """Counts the sessions of this edge, together with those of all others."""

    def __init__(
        self,
        bus: Bus,
        limits: Limits,
        of_tenant: OfTenant | None = None,
        *,
        ttl_s: int = TTL_S,
        renew_s: float = RENEW_S,
    ) -> None:
        """Count over *bus*; a tenant's own limits, *of_tenant*, go before *limits*.

        A key expires after *ttl_s* unless it is renewed, which `renew` does each *renew_s*.
        """
        self._bus = bus
        self._limits = limits
        self._of_tenant = of_tenant
        self._ttl_s = ttl_s
        self._renew_s = renew_s
        self._held: set[SessionKeys] = set()

    async def take(self, caller: Caller | None, session: str) -> SessionKeys:
        """Count *session* and return its keys; None, whom nobody knows, has no limit of its own.

        A resumed session takes over the keys that its former edge may still hold.

        Raises:
            FullError: one of the limits is reached.
        """
        held = SessionKeys(session)
        try:
            full = await shielded(self._take(held, caller))
        except asyncio.CancelledError:  # a key on its way is known by now
            await self.leave(held)
            raise
        if full:
            raise full
        return held

    async def _take(self, held: SessionKeys, caller: Caller | None) -> FullError | None:
        """Have *held* hold a key of each limit; one that is reached is returned, and none held."""
        limits, ttl_s = self._limits, self._ttl_s
        if caller is not None and self._of_tenant:
            limits = limits.but(self._of_tenant(caller.tenant))
        wanted = [("all", limits.everywhere, "in all", ttl_s)]
        if caller is not None:
            user = f"{caller.tenant}.{caller.user}"
            wanted = [
                (
                    f"join.{user}",
                    limits.joins_per_minute,
                    "joins of this user a minute",
                    JOIN_TTL_S,
                ),
                (f"user.{user}", limits.per_user, "of this user", ttl_s),
                (f"tenant.{caller.tenant}", limits.per_tenant, "of this tenant", ttl_s),
                *wanted,
            ]
        elif limits.without_token:
            wanted = [("stranger", limits.without_token, "without a token", ttl_s), *wanted]
        try:
            for prefix, limit, holder, lasts_s in wanted:
                claimed = await self._claim(prefix, limit, lasts_s, held.session)
                if claimed is None:
                    await self.leave(held)
                    return FullError("SESSION_LIMIT", f"the limit of {limit} {holder} is reached")
                if lasts_s == ttl_s:
                    held.keys[claimed[0]] = claimed[1]
        except BusAwayError:  # the call begins uncounted, and learns of the outage itself
            log.warning("session_not_counted")
        self._held.add(held)
        return None

    async def leave(self, held: SessionKeys) -> None:
        """Free the keys at once, except those that a resumed session has taken over."""
        self._held.discard(held)
        keys, held.keys = held.keys, {}
        await asyncio.gather(*(self._free(key, seq) for key, seq in keys.items()))

    async def _free(self, key: str, seq: int) -> None:
        try:
            await self._bus.purge_key(key, seq)
        except BusAwayError:
            log.info("session_key_left_to_expire")

    async def renew(self) -> None:
        """Renew the keys of this edge until cancelled."""
        while True:
            await asyncio.sleep(self._renew_s)
            for held in list(self._held):
                for key in list(held.keys):
                    if held in self._held:
                        await self._renew(held, key)

    async def _renew(self, held: SessionKeys, key: str) -> None:
        try:
            seq = await self._bus.put(key, held.session, held.keys[key], ttl_s=self._ttl_s)
            await self._renewed(held, key, seq)
        except FencedError:
            await self._find_again(held, key)
        except BusAwayError:
            log.warning("session_key_not_renewed")

    async def _renewed(self, held: SessionKeys, key: str, seq: int) -> None:
        """Note the sequence of a write; free the key if its session has left meanwhile."""
        if held in self._held:
            held.keys[key] = seq
        else:
            await self._free(key, seq)

    async def _find_again(self, held: SessionKeys, key: str) -> None:
        """Find the key's holder after a lost ack or an expiry."""
        try:
            newest = await self._bus.read(subjects.SEATS_STREAM, key)
            if held not in self._held:
                return  # that it freed the key is why the write was refused
            if not newest or not newest[-1].data:
                seq = await self._bus.put(key, held.session, 0, ttl_s=self._ttl_s)
                await self._renewed(held, key, seq)
            elif newest[-1].data == held.session.encode():
                held.keys[key] = newest[-1].seq
            else:
                held.keys.pop(key, None)
                log.info("session_key_lost")
        except FencedError:
            held.keys.pop(key, None)
        except BusAwayError:
            log.warning("session_key_not_renewed")

    async def _claim(
        self, prefix: str, limit: int, lasts_s: int, session: str
    ) -> tuple[str, int] | None:
        """Take a free key and return it with its sequence; None: the limit is reached."""
        for number in random.sample(range(limit), min(PROBES, limit)):
            if claimed := await self._try(f"{prefix}.{number}", session, 0, lasts_s):
                return claimed
        stored = await self._bus.read(subjects.SEATS_STREAM, f"{subjects.SEATS}.{prefix}.*")
        taken = {key.subject.rpartition(".")[2]: key for key in stored if key.data}
        ours = [(n, key.seq) for n, key in taken.items() if key.data == session.encode()]
        free = [(str(n), 0) for n in range(limit) if str(n) not in taken]
        random.shuffle(free)
        for name, last in ours if lasts_s == self._ttl_s and ours else free[:20]:
            if claimed := await self._try(f"{prefix}.{name}", session, last, lasts_s):
                return claimed
        return None

    async def _try(
        self, name: str, session: str, last: int, lasts_s: int
    ) -> tuple[str, int] | None:
        key = f"{subjects.SEATS}.{name}"
        try:
            return key, await self._bus.put(key, session, last, ttl_s=lasts_s)
        except FencedError:
            return None
