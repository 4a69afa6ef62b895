"""What a caller may choose before a call: agents of its tenant and shared ones, with options."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from edge.core.client_commands import Begin
from edge.door.agents.agent_choice import DEFAULT, choose, settle
from edge.door.agents.agent_table import AgentTable
from edge.door.callers.auth import Caller
from edge.door.refusal import RefusedError
from schemas.session_config import SessionConfig

CHOICES = ("language", "voice", "eagerness")
"""Options that somebody chooses by hand."""
MOST_OFFERED = 100
"""Agents, by their names: a list that somebody chooses from."""
MOST_KEPT = 100
"""The most callers whose offers are kept."""


@dataclass(frozen=True)
class Offer:
    """An agent as a caller may have it, without naming variables."""

    name: str
    """Empty: the one that serves a call that names none."""
    about: str
    """Its description; empty: none, or no agent, but the operator's settings."""
    language: str
    eagerness: str
    may_set: tuple[str, ...]
    """Those of CHOICES that its callers may change."""


class KeptOffers:
    """The offers of callers, kept until an agent changes: a hundred take 10 ms to make."""

    def __init__(self) -> None:
        self._kept: dict[object, list[Offer]] = {}
        """By tenant, agent and variables of the caller."""
        self._at: object = None
        """The table, and the number of its changes."""

    async def to(self, caller: Caller, table: AgentTable, operator: SessionConfig) -> list[Offer]:
        """Return the offers to *caller*; other tasks run while they are made."""
        at = table, table.changes
        if at != self._at or len(self._kept) >= MOST_KEPT:
            self._kept, self._at = {}, at
        kept, key = self._kept, (caller.tenant, caller.agent, *sorted(caller.variables.items()))
        if key not in kept:
            found: list[Offer] = []
            for offer in _each(table, caller, operator):
                found += [offer] if offer and len(found) < MOST_OFFERED else []
                await asyncio.sleep(0)
            kept[key] = found
        return kept[key]


def offers(table: AgentTable, caller: Caller, operator: SessionConfig) -> list[Offer]:
    """Return what *caller* may have, the one that needs no naming first, others by name.

    Agents that want values of variables are left out; a token that names one has that alone.
    """
    found = (offer for offer in _each(table, caller, operator) if offer)
    return list(islice(found, MOST_OFFERED))


def _each(table: AgentTable, caller: Caller, operator: SessionConfig) -> Iterator[Offer | None]:
    """Yield an offer for each agent; None: the caller may not have it."""
    names = [""] if caller.agent else ["", *(n for n in table.names(caller.tenant) if n != DEFAULT)]
    for name in names:
        try:
            found = choose(table, caller, name)
            settled = settle(found, caller, Begin(agent=name, greeting=True), operator)
        except RefusedError:
            yield None
            continue
        allowed = settled.file.callers.may_set if settled.file else None
        yield Offer(
            name,
            settled.file.description if settled.file else "",
            settled.config.language,
            settled.config.turns.eagerness,
            tuple(one for one in CHOICES if allowed is None or one in allowed),
        )
