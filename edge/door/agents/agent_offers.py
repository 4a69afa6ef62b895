"""The agents and options that a caller may choose before a call."""

from collections.abc import Iterator
from dataclasses import dataclass

from edge.core.messages.client_commands import Begin
from edge.door.agents.agent_choice import DEFAULT, choose, configure
from edge.door.agents.agent_table import AgentTable
from edge.door.callers.auth import Caller
from edge.door.refusal import RefusedError
from schemas.session_config import SessionConfig

CHOICES = ("language", "voice", "eagerness")
"""Options that somebody chooses by hand."""


@dataclass(frozen=True)
class Offer:
    """An agent that a caller may choose without values for variables."""

    name: str
    """The agent's name; empty: the agent of calls that name none."""
    about: str
    """Its description; empty: none, or no agent, but the operator's settings."""
    language: str
    eagerness: str
    may_set: tuple[str, ...]
    """The options among CHOICES that its callers may change."""


def each_offer(
    table: AgentTable, caller: Caller, operator: SessionConfig
) -> Iterator[Offer | None]:
    """Yield an offer for each agent: first the agent of calls that name none, then others by name.

    None stands for an agent that refuses this caller or needs values for variables. With a token
    that names an agent, there is that agent alone.
    """
    names = [""] if caller.agent else ["", *(n for n in table.names(caller.tenant) if n != DEFAULT)]
    for name in names:
        try:
            found = choose(table, caller, name)
            chosen = configure(found, caller, Begin(agent=name, greeting=True), operator)
        except RefusedError:
            yield None
            continue
        allowed = chosen.file.callers.may_set if chosen.file else None
        yield Offer(
            name,
            chosen.file.description if chosen.file else "",
            chosen.config.language,
            chosen.config.turns.eagerness,
            tuple(choice for choice in CHOICES if allowed is None or choice in allowed),
        )
