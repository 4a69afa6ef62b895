"""The tools of a call: those of its agent, or else those of the operator."""

from __future__ import annotations

import structlog
from msgspec import UNSET

from edge.door.agents.agent_table import AgentTable
from edge.door.agents.tool_catalogue import ToolCatalogue
from runtime.agents.file import AgentFileError
from schemas.agent import Agent
from schemas.tools import TRANSFER, ToolConfig, transfer_tool

log = structlog.get_logger(__name__)


async def tools_of(
    agent: Agent | None, tenant: str, catalogue: ToolCatalogue, table: AgentTable
) -> tuple[ToolConfig, ...]:
    """Return the tools of a call of *tenant* that *agent* serves; None: no agent does.

    A tool or an agent that the tenant may not have, or that is not there, is left out.
    """
    if agent is None:
        return catalogue.of(tenant)
    targets = _targets(agent, tenant, table)
    transfer = (transfer_tool(targets),) if targets else ()
    if agent.tools is UNSET:
        return (*catalogue.of(tenant), *transfer)
    names = {one for one in agent.tools if isinstance(one, str)} - {TRANSFER}
    found = await catalogue.named(tenant, names)
    for name in sorted(names - found.keys()):
        log.warning("tool_not_served", tool=name, tenant=tenant)
    own = [found.get(one) if isinstance(one, str) else one.config() for one in agent.tools]
    return (*(tool for tool in own if tool), *transfer)


def _targets(agent: Agent, tenant: str, table: AgentTable) -> dict[str, str]:
    """Return the agents that *agent* may hand over to, and what each is for."""
    about: dict[str, str] = {}
    for name in agent.transfer_to:
        if found := table.find(tenant, name):
            try:
                about[name] = found.agent().description
            except AgentFileError:
                continue  # nobody could be handed over to it
        else:
            log.warning("agent_to_transfer_to_unknown", agent=name, tenant=tenant)
    return about
