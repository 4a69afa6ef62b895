"""A recorded session as another agent, or another revision of its own, would have it set."""

from __future__ import annotations

from typing import NamedTuple

from runtime.agents.file import AgentFileError
from runtime.agents.resolve import Given, resolve
from runtime.agents.store import Revision
from schemas.agent import AgentUsed, changes
from schemas.events import SessionStarted
from schemas.session_config import SessionConfig, value_at


class Served(NamedTuple):
    """A session's configuration, and its agent."""

    config: SessionConfig
    agent: AgentUsed | None


def served_by(
    wanted: Revision, began: SessionStarted, own: Revision | None, operator: SessionConfig
) -> Served:
    """Return what the session that *began* would be set to by *wanted*.

    What its *own* agent said is taken back first: where the new one is silent, today's *operator*
    has the word. Its variables and what its caller changed stay as they were.

    Raises:
        AgentFileError: *wanted* cannot be read.
        VariableError: it has a variable that the session has no value for.
    """
    used = began.agent
    base = began.config.but({path: value_at(operator, path) for path in _said(own)})
    asked = dict(used.asked) if used else {}
    if not began.config.response.greeting and not (used and "response.greeting" in _said(own)):
        asked["response.greeting"] = ""  # its caller wanted none
    given = Given(by_token=used.variables if used else {}, by_caller={}, changes=asked)
    made = resolve(wanted.agent(), base, given)
    agent = AgentUsed(
        name=wanted.name, revision=wanted.number, variables=made.variables, asked=made.asked
    )
    return Served(made.config, agent)


def _said(own: Revision | None) -> list[str]:
    """Return the paths that the session's own agent set."""
    try:
        return list(changes(own.agent())) if own else []
    except AgentFileError:  # of another version of Aura: what it said stays
        return []
