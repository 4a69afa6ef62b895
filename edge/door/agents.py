"""The agents as this edge knows them: all that the bucket holds, kept up to date by its changes."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import structlog

from runtime.agents import store
from runtime.agents.store import NoSuchAgentError, Revision
from runtime.bus.connection import Bus
from runtime.bus.delivery import Delivery
from runtime.bus.errors import BusAwayError
from schemas import subjects

log = structlog.get_logger(__name__)

AGAIN_S = 1.0


@dataclass(frozen=True, slots=True)
class _Kept:
    number: int
    data: bytes
    """Empty: it was removed."""


class Agents:
    """A table of agents that a call is looked up in; the bus is not asked for a call."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._kept: dict[str, _Kept] = {}
        self._reading: dict[str, _Kept] | None = None
        """What is being read anew; a change that comes meanwhile is noted in it, too."""
        self._stale = asyncio.Event()
        self.read = asyncio.Event()
        """All agents are known."""

    def __len__(self) -> int:
        return sum(bool(kept.data) for kept in self._kept.values())

    def find(self, tenant: str, name: str) -> Revision | None:
        """Return the newest revision of *tenant*'s agent *name*, or of the one that all share."""
        if not subjects.is_token(name):
            return None
        for whose in (tenant, ""):
            kept = self._kept.get(subjects.agent_key(whose, name))
            if kept and kept.data:
                text = kept.data.decode(errors="replace")
                return Revision(whose, name, kept.number, "", text)
        return None

    async def recorded(self, tenant: str, name: str, number: int) -> Revision | None:
        """Return the revision that a session began with; None: neither it nor a newer is there.

        Raises:
            BusAwayError: nobody knows.
        """
        now = self.find(tenant, name)
        if now and now.number == number:
            return now
        try:
            return await store.find(self._bus, tenant, name, number)
        except NoSuchAgentError:
            return now

    async def watch(self) -> None:
        """Keep the table up to date until cancelled."""
        self._bus.reconnected.append(self._stale.set)
        live = f"{subjects.AGENTS_LIVE}.>"
        async with self._bus.listening(live, self._on_change):
            while True:
                self._stale.clear()
                try:
                    await self._bus.flush()
                    await self._read()
                except BusAwayError as error:
                    log.warning("agents_not_read", why=str(error)[:200])
                    await asyncio.sleep(AGAIN_S)
                    continue
                self.read.set()
                await self._stale.wait()

    async def _read(self) -> None:
        self._reading = {}
        try:
            for one in await store.everything(self._bus):
                _note(self._reading, _key(one.subject), _Kept(one.seq, one.data))
            self._kept = self._reading
        finally:
            self._reading = None

    async def _on_change(self, message: Delivery) -> None:
        key = message.subject.removeprefix(f"{subjects.AGENTS_LIVE}.")
        for table in (self._kept, self._reading):
            if table is not None:
                _note(table, key, _Kept(message.seq, message.data))


def _note(table: dict[str, _Kept], key: str, new: _Kept) -> None:
    known = table.get(key)
    if known is None or known.number < new.number:
        table[key] = new


def _key(subject: str) -> str:
    return subject.removeprefix(f"{subjects.AGENTS}.")
