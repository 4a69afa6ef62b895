"""The tools that sessions of this edge are offered where their configuration names none."""

from __future__ import annotations

import asyncio

from runtime import tool_file
from runtime.bus.connection import Bus
from runtime.bus.tool_services import EVERY_TENANT, served_tools
from runtime.settings import Settings
from schemas.tools import BUILT_IN, ToolConfig

INTERVAL_S = 5.0
FORGET_AFTER = 3
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

    def of(self, tenant: str) -> tuple[ToolConfig, ...]:
        """Return what sessions of *tenant* are offered; its own service goes before everybody's."""
        served = {
            **{name: tool for (whose, name), tool in self._served.items() if whose == EVERY_TENANT},
            **{name: tool for (whose, name), tool in self._served.items() if whose == tenant},
        }
        return (*self._own, *(served[name] for name in sorted(served)))

    async def watch(self) -> None:
        """Look for services every 5 s until cancelled, where AURA_TOOLS says so."""
        while self._discovers:
            await self.look()
            await asyncio.sleep(INTERVAL_S)

    async def look(self) -> None:
        found = {(one.tenant, one.tool.name): one.tool for one in await served_tools(self._bus)}
        for key in self._served.keys() - found.keys():
            self._unseen[key] = self._unseen.get(key, 0) + 1
        for key in found:
            self._unseen.pop(key, None)
        self._served.update(found)
        for key in [key for key, unseen in self._unseen.items() if unseen >= FORGET_AFTER]:
            del self._served[key], self._unseen[key]
