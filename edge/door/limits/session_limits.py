"""Limits of sessions at once, counted across all edges by keys in a NATS KV bucket.

A limit of 100 is 100 keys, and a session holds one of them: the server compares and sets, so no two
sessions have the same key. A key expires after 30 s unless its edge renews it, so that the keys of
a dead edge become free by themselves. A join takes a key that lives a minute and is never renewed,
which limits the joins of a minute. `session_keys.py` decides; this file writes and reads.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

import structlog

from edge.door.callers.auth import Caller
from edge.door.limits.session_keys import Limits, WantedKey, seq_after_fence
from runtime.bus.connection import Bus
from runtime.bus.errors import BusAwayError, FencedError
from runtime.tasks import shielded
from schemas import subjects
from schemas.tenant import TenantLimits

log = structlog.get_logger(__name__)

TTL_S = 30
RENEW_S = 10.0
JOIN_TTL_S = 60
MOST_READS = 3
"""The most reads of the bucket for one key: meanwhile others may write the keys that are tried."""

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
    in_doubt: set[str] = field(default_factory=set)
    """Those whose last write had no answer."""


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
            await self.give_back(held)
            raise
        if full:
            raise full
        return held

    async def _take(self, held: SessionKeys, caller: Caller | None) -> FullError | None:
        """Have *held* hold a key of each limit; one that is reached is returned, and none held."""
        limits = self._limits
        if caller is not None and self._of_tenant:
            limits = limits.but(self._of_tenant(caller.tenant))
        try:
            for wanted in limits.wanted(caller):
                claimed = await self._claim(wanted, held.session)
                if claimed is None:
                    await self.give_back(held)
                    return FullError("SESSION_LIMIT", wanted.refusal)
                if not wanted.is_join:
                    held.keys[claimed[0]] = claimed[1]
        except BusAwayError:  # the call begins uncounted, and learns of the outage itself
            log.warning("session_not_counted")
        self._held.add(held)
        return None

    async def give_back(self, held: SessionKeys) -> None:
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
        """Renew a key; after a refusal, find out whose it is."""
        try:
            await self._write(held, key, held.keys[key])
        except FencedError:
            await self._find_again(held, key)

    async def _write(self, held: SessionKeys, key: str, last: int) -> None:
        """Write the key at *last*; free it if its session has left meanwhile.

        Raises:
            FencedError: the key is not at *last*.
        """
        try:
            seq = await self._bus.put(key, held.session, last, ttl_s=self._ttl_s)
        except BusAwayError:
            held.in_doubt.add(key)
            log.warning("session_key_not_renewed")
            return
        held.in_doubt.discard(key)
        if held in self._held:
            held.keys[key] = seq
        else:
            await self._free(key, seq)

    async def _find_again(self, held: SessionKeys, key: str) -> None:
        """Find the key's holder after a lost answer, an expiry or a resume."""
        try:
            stored = await self._bus.read(subjects.SEATS_STREAM, key)
        except BusAwayError:
            log.warning("session_key_not_renewed")
            return
        if held not in self._held:
            return  # that it freed the key is why the write was refused
        seq = seq_after_fence(stored, held.session, in_doubt=key in held.in_doubt)
        held.in_doubt.discard(key)
        if seq == 0:
            with suppress(FencedError):  # another session was first
                await self._write(held, key, 0)
                return
        if seq:
            held.keys[key] = seq
        else:
            held.keys.pop(key, None)
            log.info("session_key_lost")

    async def _claim(self, wanted: WantedKey, session: str) -> tuple[str, int] | None:
        """Take a free key and return it with its sequence; None: the limit is reached."""
        lasts_s, tries = JOIN_TTL_S if wanted.is_join else self._ttl_s, wanted.first_tries()
        for _ in range(MOST_READS):
            for key, last in tries:
                with suppress(FencedError):
                    return key, await self._bus.put(key, session, last, ttl_s=lasts_s)
            stored = await self._bus.read(subjects.SEATS_STREAM, wanted.subject)
            if not (tries := wanted.next_tries(stored, session)):
                break
        return None
