"""The tools that this edge knows: the operator's, and the tools of services on the bus.

A session may have the tools of its own tenant and the tools for all tenants: the tools that its
agent names, or else the tools that AURA_TOOLS allows.
"""

import asyncio
from collections.abc import Iterable

from runtime import tool_file
from runtime.bus.connection import Bus
from runtime.bus.errors import BusAwayError
from runtime.bus.tool_services import EVERY_TENANT, served_tools
from runtime.settings import Settings
from schemas.tools import BUILT_IN, ToolConfig

CATALOGUE_INTERVAL_S = 5.0
SEARCH_INTERVAL_S = 2.0
"""The shortest interval between searches for the service of an unknown tool."""
FORGET_AFTER_ROUNDS = 3
"""Rounds without an answer after which the tool of a service is forgotten."""


class ToolCatalogue:
    """The operator's tools, from a file or from the services on the bus."""

    def __init__(self, bus: Bus, settings: Settings) -> None:
        """Read the file in AURA_TOOLS, if it is set to a file.

        Raises:
            SettingsError: it cannot be used.
        """
        self._bus = bus
        self._discovers = settings.tools == tool_file.DISCOVER
        self._own: tuple[ToolConfig, ...] = ()
        if self._discovers:
            self._own = tuple(BUILT_IN.values())
        elif settings.tools:
            self._own = tool_file.read(settings.tools)
        self._served: dict[tuple[str, str], ToolConfig] = {}
        self._unseen: dict[tuple[str, str], int] = {}
        self._searched_s = float("-inf")
        """The time of the last search for a call."""
        self._searching = asyncio.Lock()
        self.searched = asyncio.Event()
        """Set after the first search for services."""
        self.changed = asyncio.Event()
        """Set at every change of the served tools; its only reader clears it."""

    def of(self, tenant: str) -> tuple[ToolConfig, ...]:
        """Return the tools of *tenant* for an agent that names none."""
        if not self._discovers:
            return self._own
        served = self._served_to(tenant)
        return (*self._own, *(served[name] for name in sorted(served)))

    async def named(
        self, tenant: str, names: Iterable[str], *, searches: bool = True
    ) -> dict[str, ToolConfig]:
        """Return the tools among *names* that sessions of *tenant* may have.

        For one name the operator's tool goes first, then the built-in one, the tenant's and the
        shared one. *searches*: search for the services of unknown tools.
        """
        wanted = set(names)
        found = self._known(tenant, wanted)
        if searches and wanted - found.keys():
            async with self._searching:  # a search that is under way may find them
                found = self._known(tenant, wanted)
                now_s = asyncio.get_running_loop().time()
                if wanted - found.keys() and now_s - self._searched_s >= SEARCH_INTERVAL_S:
                    self._searched_s = now_s
                    await self._search()
                    found = self._known(tenant, wanted)
        return found

    def _known(self, tenant: str, names: set[str]) -> dict[str, ToolConfig]:
        own = {tool.name: tool for tool in self._own}
        known = {**self._served_to(tenant), **BUILT_IN, **own}
        return {name: known[name] for name in names & known.keys()}

    def _served_to(self, tenant: str) -> dict[str, ToolConfig]:
        """Return the tools of services, by name; the tenant's own goes before a shared one."""
        return {
            **{name: tool for (owner, name), tool in self._served.items() if owner == EVERY_TENANT},
            **{name: tool for (owner, name), tool in self._served.items() if owner == tenant},
        }

    async def watch(self) -> None:
        """Search for services every 5 s until cancelled, since agents may name any tool."""
        while True:
            await self.search()
            await asyncio.sleep(CATALOGUE_INTERVAL_S)

    async def search(self) -> None:
        """Ask the services on the bus for their tools; takes 0.3 s."""
        async with self._searching:
            await self._search()
        self.searched.set()

    async def _search(self) -> None:
        try:
            served = await served_tools(self._bus)
        except BusAwayError:
            return  # the log has `bus_disconnected`; the known tools stay
        found = {(entry.tenant, entry.tool.name): entry.tool for entry in served}
        before = self._served
        unseen = {key: self._unseen.get(key, 0) + 1 for key in before.keys() - found.keys()}
        kept = {key: before[key] for key in before if unseen.get(key, 0) < FORGET_AFTER_ROUNDS}
        self._served, self._unseen = kept | found, unseen
        if self._served != before:
            self.changed.set()
