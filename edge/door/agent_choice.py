"""Which agent serves a call, and what the call is then set to.

The token names it and nothing that the caller sends changes that; else the caller names one that
lets itself be chosen; else it is the agent `default`, of the tenant or of all; else none, and the
operator's settings hold. A session that goes on keeps its agent, at the revision it began with.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from edge.core.client_commands import Begin
from edge.door.agents import Agents
from edge.door.auth import Caller
from edge.protocols.client_protocol import CloseCode
from runtime.agents.file import AgentFileError
from runtime.agents.resolve import Given, VariableError, resolve
from runtime.agents.store import Revision
from runtime.bus.errors import BusAwayError
from schemas.agent import AgentUsed
from schemas.session_config import SessionConfig

DEFAULT = "default"
"""The agent of a call that names none."""


class AgentRefusedError(Exception):
    """No agent serves the call: told in the protocol's form, before a session begins."""

    def __init__(
        self, code: str, message: str, details: str, close: int = CloseCode.POLICY_VIOLATION
    ) -> None:
        """Name the error; *close* is the code of a connection that ends for it."""
        super().__init__(details)
        self.code, self.message, self.details, self.close = code, message, details, close


@dataclass(frozen=True)
class Settled:
    """What a call is set to."""

    config: SessionConfig
    agent: AgentUsed | None
    """None: the operator's settings alone."""
    asked: Mapping[str, Any] = field(default_factory=dict)
    """What the caller changed and might."""
    left_out: tuple[str, ...] = ()
    """A line for each thing that the caller asked for and may not have."""


async def settle(
    agents: Agents,
    caller: Caller,
    begin: Begin,
    base: SessionConfig,
    before: AgentUsed | None = None,
    *,
    resumed: bool = False,
) -> Settled:
    """Return what the call is set to, where *base* is the operator's configuration.

    *resumed*: the session goes on that was served by *before*.

    Raises:
        AgentRefusedError: no agent serves it.
    """
    wanted = begin.changes if begin.greeting else {**begin.changes, "response.greeting": ""}
    if resumed:
        found = await _recorded(agents, caller, before) if before else None
    else:
        found = _chosen(agents, caller, begin.agent)
    if found is None:
        left_out = ("no agent serves this call: it has no variables",) if begin.variables else ()
        return Settled(base.but(wanted), None, wanted, left_out)
    if before:
        given = Given(by_token=before.variables, by_caller={}, changes=wanted)
    else:
        given = Given(caller.variables, begin.variables, wanted)
    try:
        made = resolve(found.agent(), base, given)
    except VariableError as error:
        raise AgentRefusedError(
            "INVALID_VARIABLES", "Variables refused", f"agent {found.name}: {error}"
        ) from error
    except AgentFileError as error:
        raise AgentRefusedError(
            "AGENT_BROKEN",
            "Agent cannot be used",
            f"agent {found} cannot be read by this edge: apply it again",
            CloseCode.INTERNAL_ERROR,
        ) from error
    used = AgentUsed(
        name=found.name, revision=found.number, variables=made.variables, asked=made.asked
    )
    return Settled(made.config, used, made.asked, made.left_out)


def _chosen(agents: Agents, caller: Caller, asked: str) -> Revision | None:
    """Return the agent of a new session; None: the operator's settings hold.

    Raises:
        AgentRefusedError: there is none of that name, or it is not for this caller.
    """
    if caller.agent and asked not in {"", caller.agent}:
        raise AgentRefusedError(
            "AGENT_REFUSED", "Agent refused", "the token names another agent than the call"
        )
    name = caller.agent or asked
    found = agents.find(caller.tenant, name or DEFAULT)
    if not name:
        return found
    if found is None or not (caller.agent or _may_be_chosen(found)):
        details = f"there is no agent {name} that this caller may choose"
        raise AgentRefusedError("AGENT_UNKNOWN", "Unknown agent", details)
    return found


def _may_be_chosen(found: Revision) -> bool:
    try:
        return found.agent().callers.may_choose
    except AgentFileError:  # told as what it is where the call is set
        return True


async def _recorded(agents: Agents, caller: Caller, before: AgentUsed) -> Revision:
    """Return the agent of a session that goes on.

    Raises:
        AgentRefusedError: it is gone, or the token names another one.
    """
    if caller.agent not in {"", before.name}:
        raise AgentRefusedError(
            "AGENT_REFUSED", "Agent refused", "the token names another agent than the session"
        )
    try:
        found = await agents.recorded(caller.tenant, before.name, before.revision)
    except BusAwayError as error:
        details = "the event bus is away: try again with the same session"
        raise AgentRefusedError(
            "BUS_AWAY", "Session not reachable", details, CloseCode.TRY_AGAIN_LATER
        ) from error
    if found is None:
        raise AgentRefusedError("AGENT_UNKNOWN", "Unknown agent", f"{before} is gone")
    return found
