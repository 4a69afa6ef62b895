"""The tools of a call: its agent's, or else the operator's."""

import structlog
from msgspec import UNSET

from edge.door.agents.agent_table import AgentTable
from edge.door.agents.tool_catalogue import ToolCatalogue
from runtime.agents.config_file import ConfigFileError
from schemas.agent import Agent
from schemas.tools import SEND_DTMF, TRANSFER, ToolConfig, transfer_tool

log = structlog.get_logger(__name__)


async def tools_of(
    agent: Agent | None,
    tenant: str,
    catalogue: ToolCatalogue,
    table: AgentTable,
    *,
    phone: bool,
    ahead: bool = False,
) -> tuple[ToolConfig, ...]:
    """Return the tools of a call of *tenant* with *agent*; None: without an agent.

    Left out are unknown tools and agents, those of other tenants, and, unless the call is on a
    *phone*, tools for telephones. *ahead*: the prompt is only read ahead, so services are not
    looked up and missing ones are not logged.
    """
    offered, missing = await _offered(agent, tenant, catalogue, searches=not ahead)
    targets, unknown = _targets(agent, tenant, table)
    for name in () if ahead else missing:
        log.warning("tool_not_served", tool=name, tenant=tenant)
    for name in () if ahead else unknown:
        log.warning("agent_to_transfer_to_unknown", agent=name, tenant=tenant)
    phones = dict.fromkeys(agent.phones, "a telephone") if agent and phone else {}
    transfer = (transfer_tool(targets, phones),) if targets or phones else ()
    return (*(tool for tool in offered if phone or tool != SEND_DTMF), *transfer)


async def _offered(
    agent: Agent | None, tenant: str, catalogue: ToolCatalogue, *, searches: bool
) -> tuple[tuple[ToolConfig, ...], list[str]]:
    """Return the tools of *agent*, or else the operator's, and the names of missing ones."""
    if agent is None or agent.tools is UNSET:
        return catalogue.of(tenant), []
    names = {tool for tool in agent.tools if isinstance(tool, str)} - {TRANSFER}
    found = await catalogue.named(tenant, names, searches=searches)
    own = [found.get(tool) if isinstance(tool, str) else tool.config() for tool in agent.tools]
    return tuple(tool for tool in own if tool), sorted(names - found.keys())


def _targets(
    agent: Agent | None, tenant: str, table: AgentTable
) -> tuple[dict[str, str], list[str]]:
    """Return the transfer targets of *agent* with their descriptions, and the missing ones."""
    about: dict[str, str] = {}
    missing: list[str] = []
    for name in agent.transfer_to if agent else ():
        if found := table.find(tenant, name):
            try:
                about[name] = found.agent().description
            except ConfigFileError:
                continue  # no call can be transferred to it
        else:
            missing.append(name)
    return about, missing
