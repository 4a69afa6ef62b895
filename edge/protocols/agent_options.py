"""The agent and the variables that a client asks for; the names are the same in every protocol."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from edge.protocols.parsing import clean, shown
from runtime.agents.template import is_name
from schemas.agent import MOST_VALUE_CHARS, MOST_VARIABLES

AGENT_NAMES = frozenset({"agent", "variables"})
AGENT_EXPECTED = (
    f"variables must be a JSON object of {MOST_VARIABLES} strings at most, "
    f"{MOST_VALUE_CHARS} characters each"
)


@dataclass(frozen=True)
class RequestedAgent:
    """The agent that a client asks for; the door decides whether it is allowed."""

    name: str = ""
    """The name of the agent; empty: the agent of its token or its tenant."""
    variables: Mapping[str, str] = field(default_factory=dict)


def agent_options(options: Mapping[str, Any]) -> tuple[RequestedAgent, list[str]]:
    """Return the agent that *options* asks for, and one line for each invalid value."""
    wrong: list[str] = []
    name = options.get("agent") or ""
    if not isinstance(name, str):
        wrong.append("agent must be a name")
        name = ""
    variables = _variables(options.get("variables"))
    if variables is None:
        wrong.append(AGENT_EXPECTED)
    return RequestedAgent(shown(name), variables or {}), wrong


def _variables(value: Any) -> dict[str, str] | None:
    """Return the variables in *value*, JSON text or an object, or None if they are invalid."""
    if isinstance(value, str) and value:
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return None
    if value is None or value == "":
        return {}
    return string_map(value)


def string_map(mapping: Any) -> dict[str, str] | None:
    """Return *mapping* if it maps names of variables to strings, else None."""
    if not isinstance(mapping, dict) or len(mapping) > MOST_VARIABLES:
        return None
    found: dict[str, str] = {}
    for name, value in mapping.items():
        good = isinstance(name, str) and is_name(name) and isinstance(value, str)
        if not good or len(value) > MOST_VALUE_CHARS:
            return None
        found[name] = clean(value)
    return found
