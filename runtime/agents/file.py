"""An agent's file: reads YAML into an `Agent`; an error names the line."""

import re
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import msgspec

from runtime.agents import config_file, template
from runtime.agents.config_file import ConfigFileError, converted, suggestion
from runtime.agents.yaml_tree import Tree
from schemas.agent import Agent, AgentTool
from schemas.tools import TRANSFER, flaw

AGENT_NOUN = "agent"
_ADDRESS = re.compile(r"https?://[^\s/?#@]+(?:[/?#]\S*)?")
"""An http or https URL without user and password, since records would contain them."""


def load_all(paths: Sequence[Path]) -> dict[str, str]:
    """Return the texts of the agents in the files and folders *paths*, by agent name.

    Raises:
        BrokenFilesError: some of the files are no agents.
    """
    return config_file.load_all(paths, parse, AGENT_NOUN)


def load(path: Path) -> tuple[str, str, Agent]:
    """Return the name of the agent in the file *path*, its text, and the agent.

    Raises:
        ConfigFileError: the file cannot be read, or is no agent.
    """
    return config_file.load(path, parse, AGENT_NOUN)


@lru_cache(maxsize=512)
def parse(text: str) -> Agent:
    """Return the agent that *text* describes.

    Raises:
        ConfigFileError: it describes none.
    """
    agent, tree = converted(text, Agent, "an agent is a mapping, such as `prompt: ...`")
    _check_variables(agent, tree)
    _check_tools(agent, tree)
    _check_webhook(agent, tree)
    _check_placeholders(agent, tree, text.splitlines())
    return agent


def _check_variables(agent: Agent, tree: Tree) -> None:
    """Refuse a variable with an invalid name or an invalid default.

    Raises:
        ConfigFileError: there is one.
    """
    for name, variable in agent.variables.items():
        line = tree.lines["variables", name]
        if not template.is_name(name):
            raise ConfigFileError(line, f"variables: {name!r} is no name: letters, digits and _")
        if (default := variable.default) is not msgspec.UNSET:
            if len(default) > variable.max_chars:
                raise ConfigFileError(line, f"variables.{name}: the default is over max_chars")
            if template.one_line(default) is None:
                raise ConfigFileError(line, f"variables.{name}: the default has control characters")


def _check_tools(agent: Agent, tree: Tree) -> None:
    """Refuse tools that are invalid or named twice.

    Raises:
        ConfigFileError: there is one.
    """
    seen = set[str]()
    for number, tool in enumerate(agent.tools or ()):
        line = tree.lines["tools", number]
        name = tool if isinstance(tool, str) else tool.name
        if name in seen:
            raise ConfigFileError(line, f"tools: there are two tools {name}")
        if name == TRANSFER and not (isinstance(tool, str) and (agent.transfer_to or agent.phones)):
            raise ConfigFileError(
                line, "tools: transfer needs transfer_to: [NAME, ...], an agent each, or phones"
            )
        if isinstance(tool, AgentTool) and (why := flaw(tool)):
            raise ConfigFileError(line, f"tools: {why}")
        seen.add(name)


def _check_webhook(agent: Agent, tree: Tree) -> None:
    """Refuse a webhook without a valid address.

    Raises:
        ConfigFileError: the address is missing, or is no http or https URL.
    """
    webhook: Any = agent.webhook
    if webhook is msgspec.UNSET:
        return
    if (url := webhook.url) is msgspec.UNSET:
        raise ConfigFileError(tree.lines["webhook",], "webhook: it needs a url")
    if url and not _ADDRESS.fullmatch(url):
        line = tree.lines["webhook", "url"]
        raise ConfigFileError(line, "webhook.url: it must be an http or https address")


def _check_placeholders(agent: Agent, tree: Tree, written: list[str]) -> None:
    """Refuse a placeholder whose variable is not declared.

    Raises:
        ConfigFileError: there is one.
    """
    for field in ("prompt", "greeting"):
        text = getattr(agent, field)
        for inside in template.placeholders(text) if text is not msgspec.UNSET else ():
            if inside in agent.variables:
                continue
            from_line = tree.lines[(field,)]
            below = enumerate(written[from_line - 1 :], start=from_line)
            lines = (n for n, text_line in below if "{{" in text_line and inside in text_line)
            line = next(lines, from_line)
            about = suggestion(inside, agent.variables) or "declare it under variables"
            shown = inside.partition("\n")[0]
            raise ConfigFileError(line, f"{field}: {{{{{shown}}}}} is no variable: {about}")
