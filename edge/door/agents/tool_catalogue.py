"""The tools that this edge knows: the operator's, and what services on the bus serve.

A session sees those of its own tenant and those for everybody, and no others: by name, where its
agent names some, else as AURA_TOOLS says.
"""

import asyncio
from collections.abc import Iterable

from runtime import tool_file
from runtime.bus.connection import Bus
from runtime.bus.tool_services import EVERY_TENANT, served_tools
from runtime.settings import Settings
from schemas.tools import BUILT_IN, ToolConfig

INTERVAL_S = 5.0
POLL_S = 2.0
"""The shortest interval between searches for the service of an unknown tool."""
FORGET_AFTER_ROUNDS = 3
"""Rounds of silence after which a service's tool is offered no more."""


class ToolCatalogue:
    """The operator's tools, from a file or from the services on the bus."""

    def __init__(self, bus: Bus, settings: Settings) -> None:
        """Read the file that AURA_TOOLS names, if it names one.

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
        self._looked_s = float("-inf")
        """The last look for a call."""
        self._looking = asyncio.Lock()
        self.looked = asyncio.Event()
        """The services were looked for once: what is served is known."""
        self.changed = asyncio.Event()
        """Set at every change of the served tools; its only reader clears it."""

    def of(self, tenant: str) -> tuple[ToolConfig, ...]:
        """Return the tools of *tenant* for an agent that names none."""
        if not self._discovers:
            return self._own
        served = self._served_to(tenant)
        return (*self._own, *(served[name] for name in sorted(served)))

    async def named(
        self, tenant: str, names: Iterable[str], *, looks: bool = True
    ) -> dict[str, ToolConfig]:
        """Return those of *names* that sessions of *tenant* may have.

        The operator's go first, then what is built in, the tenant's own and everybody's. *looks*:
        services are looked for where one is not known.
        """
        wanted = set(names)
        found = self._known(tenant, wanted)
        if looks and wanted - found.keys():
            async with self._looking:  # a look that is under way may find them
                found = self._known(tenant, wanted)
                now_s = asyncio.get_running_loop().time()
                if wanted - found.keys() and now_s - self._looked_s >= POLL_S:
                    self._looked_s = now_s
                    await self._look()
                    found = self._known(tenant, wanted)
        return found

    def _known(self, tenant: str, names: set[str]) -> dict[str, ToolConfig]:
        own = {tool.name: tool for tool in self._own}
        known = {**self._served_to(tenant), **BUILT_IN, **own}
        return {name: known[name] for name in names & known.keys()}

    def _served_to(self, tenant: str) -> dict[str, ToolConfig]:
        """Return what is served, by name; the tenant's own service goes before everybody's."""
        return {
            **{name: tool for (whose, name), tool in self._served.items() if whose == EVERY_TENANT},
            **{name: tool for (whose, name), tool in self._served.items() if whose == tenant},
        }

    async def watch(self) -> None:
        """Look for services every 5 s until cancelled: agents may name any."""
        while True:
            await self.look()
            await asyncio.sleep(INTERVAL_S)

    async def look(self) -> None:
        """Ask the services on the bus what they serve; takes 0.3 s."""
        async with self._looking:
            await self._look()
        self.looked.set()

    async def _look(self) -> None:
        found = {(one.tenant, one.tool.name): one.tool for one in await served_tools(self._bus)}
        for key in self._served.keys() - found.keys():
            self._unseen[key] = self._unseen.get(key, 0) + 1
        for key in found:
            self._unseen.pop(key, None)
        if any(self._served.get(key) != tool for key, tool in found.items()):
            self.changed.set()
        self._served.update(found)
        for key in [key for key, unseen in self._unseen.items() if unseen >= FORGET_AFTER_ROUNDS]:
            del self._served[key], self._unseen[key]
