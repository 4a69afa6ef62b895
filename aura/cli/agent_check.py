"""Names in agents that stand for nothing, told before the agents are applied."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping

from runtime import tool_file
from runtime.agents import file, store, yaml_tree
from runtime.bus.connection import Bus
from runtime.bus.tool_services import EVERY_TENANT, served_tools
from runtime.settings import Settings
from schemas.tools import BUILT_IN, TRANSFER


async def unknown_names(
    bus: Bus, settings: Settings, tenant: str, texts: Mapping[str, str]
) -> list[str]:
    """Return a line for each tool and agent that the agents in *texts* name and cannot have.

    A tool is served to *tenant* or to all, described in the file AURA_TOOLS, or built in.

    Raises:
        BusAwayError: the server does not answer.
        SettingsError: the file of tools cannot be used.
    """
    served = await served_tools(bus)
    tools = {one.tool.name for one in served if one.tenant in {tenant, EVERY_TENANT}}
    if settings.tools and settings.tools != tool_file.DISCOVER:
        tools |= {tool.name for tool in tool_file.read(settings.tools)}
    applied = [store.revision_of(one) for one in await store.everything(bus)]
    agents = {one.name for one in applied if one.text} | set(texts)
    lines = []
    for name, text in texts.items():
        agent, tree = file.parse(text), yaml_tree.read(text)
        for number, tool in enumerate(agent.tools or ()):
            if isinstance(tool, str) and tool not in {*tools, *BUILT_IN, TRANSFER}:
                line = tree.lines["tools", number]
                there = _there(tool, tools | set(BUILT_IN))
                lines.append(f"{name}.yaml:{line}: nobody serves the tool {tool}: {there}")
        for number, other in enumerate(agent.transfer_to):
            if other not in agents:
                line = tree.lines["transfer_to", number]
                lines.append(
                    f"{name}.yaml:{line}: there is no agent {other}: {_there(other, agents)}"
                )
    return lines


def _there(wanted: str, known: Collection[str]) -> str:
    near = difflib.get_close_matches(wanted, list(known), n=1)
    guess = f"did you mean {near[0]}? " if near else ""
    return f"{guess}there are {', '.join(sorted(known)) or 'none'}"
