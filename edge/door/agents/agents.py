"""Keeps an edge's table of agents up to date: reads the whole bucket, then takes its changes."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import structlog

from edge.core.messages.client_commands import Begin
from edge.core.session.history import History
from edge.door.agents.agent_choice import (
    CallSettings,
    check_token,
    choose,
    configure,
    unknown_agent,
)
from edge.door.agents.agent_table import AgentTable
from edge.door.callers.auth import DEMO_TENANT, Caller
from edge.door.refusal import RefusedError
from edge.protocols.client_protocol import CloseCode
from runtime.agents import store
from runtime.agents.config_file import ConfigFileError
from runtime.agents.store import NotAppliedError, Revision
from runtime.bus.connection import Bus
from runtime.bus.delivery import Delivery
from runtime.bus.errors import BusAwayError
from schemas import subjects
from schemas.agent import AgentUsed, parted
from schemas.session_config import SessionConfig
from schemas.tenant import Tenant

log = structlog.get_logger(__name__)

AGENTS_RETRY_S = 1.0


class Agents:
    """Reads the bucket at the start and after each reconnect, and takes changes in between."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self.table = AgentTable()
        self._reading: AgentTable | None = None
        """The table of a reading under way; changes go into it, too."""
        self._newest = 0
        """Sequence of the last change; if the next change skips a number, a change is missing."""
        self._stale = asyncio.Event()
        self.read = asyncio.Event()
        """The table holds all agents."""
        self.changed = asyncio.Event()
        """Set at every change; its only reader clears it."""

    async def watch(self) -> None:
        """Keep the table up to date until cancelled."""
        self._bus.reconnected.append(self._stale.set)
        try:
            async with self._bus.listening(f"{subjects.AGENTS_LIVE}.>", self._on_change):
                await self._keep()
        finally:
            self._bus.reconnected.remove(self._stale.set)

    async def _keep(self) -> None:
        while True:
            self._stale.clear()
            try:
                await self._bus.flush()  # the subscription is in place: no change is missed
                await self._read()
            except BusAwayError as error:
                advice = "aura provision makes the bucket, nats/users.conf lets edges read it"
                log.warning("agents_not_read", why=str(error)[:200], advice=advice)
                await asyncio.sleep(AGENTS_RETRY_S)
                continue
            self.read.set()
            self.changed.set()
            await self._stale.wait()
            # more changes may follow: one reading takes them all
            await asyncio.sleep(AGENTS_RETRY_S)

    async def _read(self) -> None:
        self._reading = table = AgentTable()
        self._newest = 0
        try:
            for file in await store.everything(self._bus):
                table.note(file.subject.removeprefix(f"{subjects.AGENTS}."), file.seq, file.data)
                self._newest = max(self._newest, file.seq)
            self.table = table
        finally:
            self._reading = None

    async def _on_change(self, message: Delivery) -> None:
        if self._newest and message.seq != self._newest + 1:
            self._stale.set()  # a change was lost, or the bucket was created again
        reads = self._reading is not None
        self._newest = max(self._newest, message.seq) if reads else message.seq
        key = message.subject.removeprefix(f"{subjects.AGENTS_LIVE}.")
        for table in (self.table, self._reading):
            if table is not None:
                table.note(key, message.seq, message.data)
        self.changed.set()

    def tenant(self, name: str) -> Tenant:
        """Return the settings of the tenant *name*.

        Raises:
            RefusedError: its file cannot be read; without it, limits of its calls would be missing.
        """
        try:
            return self.table.tenant(name)
        except ConfigFileError as error:
            details = f"the file of tenant {name} cannot be read by this edge: apply it again"
            raise RefusedError(
                "TENANT_BROKEN", "Tenant cannot be served", details, CloseCode.INTERNAL_ERROR
            ) from error

    async def call_settings(
        self, caller: Caller, begin: Begin, operator: SessionConfig, history: History | None
    ) -> CallSettings:
        """Return the settings of a session, on top of the *operator*'s.

        *history*: the history of a resumed session.

        Raises:
            RefusedError: no agent serves it.
        """
        before = history.agent if history else None
        found: Revision | None = None
        if history is None:
            found = await self._chosen(caller, begin)
        elif before:
            check_token(caller, history.began_as)
            found = await self.recorded(caller.tenant, before)

        def with_changes(changes: Mapping[str, Any]) -> SessionConfig:
            wanted = replace(begin, changes=changes)
            return configure(found, caller, wanted, operator, before).config

        return replace(configure(found, caller, begin, operator, before), with_changes=with_changes)

    async def _chosen(self, caller: Caller, begin: Begin) -> Revision | None:
        """Return the agent of a new session.

        Raises:
            RefusedError: no agent serves it.
        """
        if pinned := _pinned(caller, begin):
            return await self._revision(caller.tenant, *pinned)
        hinted = begin.agent_hint if self.table.find(caller.tenant, begin.agent_hint) else ""
        default = self.tenant(caller.tenant).agent
        return choose(self.table, caller, begin.agent or hinted, default)

    async def recorded(self, tenant: str, before: AgentUsed) -> Revision:
        """Return the agent of a resumed session: its revision, or else the newest one.

        Raises:
            RefusedError: neither exists, or the bus is away.
        """
        return await self._revision(tenant, before.name, before.revision, or_newest=True)

    async def _revision(
        self, tenant: str, name: str, number: int, *, or_newest: bool = False
    ) -> Revision:
        """Return revision *number* of an agent; *or_newest*: else the newest one.

        Raises:
            RefusedError: it does not exist, or the bus is away.
        """
        newest = self.table.find(tenant, name)
        if newest and newest.number == number:
            return newest
        try:
            return await store.find(self._bus, tenant, name, number)
        except (NotAppliedError, ValueError) as error:
            if newest and or_newest:
                return newest
            raise unknown_agent(f"there is no agent {name}@{number}") from error
        except BusAwayError as error:
            details = "the event bus is away: try again with the same session"
            raise RefusedError("BUS_AWAY", "Session not reachable", details) from error


def _pinned(caller: Caller, begin: Begin) -> tuple[str, int] | None:
    """Return the agent and the revision that a token names, or that a client of the demo names.

    Raises:
        RefusedError: the client names another agent or revision than its token.
    """
    name, number = parted(begin.agent)
    if caller.agent and caller.revision:
        check_token(caller, name if number in {0, caller.revision} else begin.agent)
        return caller.agent, caller.revision
    return (name, number) if number and caller.tenant == DEMO_TENANT else None
