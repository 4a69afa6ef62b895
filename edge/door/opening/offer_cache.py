"""A cache of the agents and options that callers may choose before a call."""

import asyncio

from edge.door.agents.agent_offers import Offer, each_offer
from edge.door.agents.agent_table import AgentTable
from edge.door.callers.auth import Caller
from schemas.session_config import SessionConfig

MOST_OFFERED_AGENTS = 100
"""The most agents in a list that somebody chooses from."""
MOST_CALLERS = 100
"""The most callers in the cache."""


class OfferCache:
    """The offers to callers, until an agent changes: a hundred offers take 10 ms to make."""

    def __init__(self) -> None:
        self._offers: dict[object, list[Offer]] = {}
        """By tenant, agent and variables of the caller."""
        self._at: object = None
        """The table that the offers were made from, and the number of its changes then."""

    async def to(self, caller: Caller, table: AgentTable, operator: SessionConfig) -> list[Offer]:
        """Return the offers to *caller*; other tasks run while they are made."""
        at = table, table.changes
        if at != self._at or len(self._offers) >= MOST_CALLERS:
            self._offers, self._at = {}, at
        offers, key = self._offers, (caller.tenant, caller.agent, *sorted(caller.variables.items()))
        if key not in offers:
            found: list[Offer] = []
            for offer in each_offer(table, caller, operator):
                found += [offer] if offer and len(found) < MOST_OFFERED_AGENTS else []
                await asyncio.sleep(0)
            offers[key] = found
        return offers[key]
