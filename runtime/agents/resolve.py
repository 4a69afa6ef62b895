"""The configuration of one call: the operator's, the agent's over it, the caller's on top.

Each may only narrow what the one before leaves open: a caller sets what the agent lets callers
set, and a variable of a token wins over one that the caller sends.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from msgspec import UNSET

from runtime.agents import template
from schemas.agent import Agent, changes
from schemas.session_config import CLIENT_OPTIONS, SessionConfig

PROTOCOLS_OWN = frozenset(
    {"voice.delivery", "turns.by_client", "turns.respond", "interruption.allowed"}
)
"""Paths that the client protocol sets, whatever the agent allows."""


class VariableError(ValueError):
    """A variable of the agent has no value, or one that cannot be; the message names it."""


@dataclass(frozen=True)
class Given:
    """The values and wishes that a token and a caller bring to an agent."""

    by_token: Mapping[str, str]
    """Values of variables; those that the agent does not know are for another agent."""
    by_caller: Mapping[str, str]
    changes: Mapping[str, Any]
    """The caller's wished changes: paths of the configuration to values, checked."""


@dataclass(frozen=True)
class Resolved:
    """A call's configuration, and how it came about."""

    config: SessionConfig
    variables: dict[str, str]
    asked: dict[str, Any]
    """The changes of the caller that were allowed."""
    left_out: tuple[str, ...]
    """A line for each refused wish of the caller."""


def resolve(agent: Agent, base: SessionConfig, given: Given) -> Resolved:
    """Return what a call of *agent* is set to, where *base* is the operator's.

    Raises:
        VariableError: a variable has no value, or one that cannot be.
    """
    variables, refused = _variables(agent, given)
    asked, forbidden = _allowed(agent, given.changes)
    own = changes(agent)
    for path in ("response.system_prompt", "response.greeting"):
        if path in own:
            own[path] = template.fill(own[path], variables)
    return Resolved(base.but({**own, **asked}), variables, asked, (*refused, *forbidden))


def _variables(agent: Agent, given: Given) -> tuple[dict[str, str], list[str]]:
    """Return the values of the agent's variables, and a line for each that may not be set.

    Raises:
        VariableError: a variable has no value, or one that cannot be.
    """
    values: dict[str, str] = {}
    sent = dict(given.by_caller)
    for name, variable in agent.variables.items():
        by_caller = sent.pop(name, None) if variable.callers_may_set else None
        value = given.by_token.get(name, by_caller)
        if value is None:
            value = None if variable.default is UNSET else variable.default
        if value is None:
            raise VariableError(f"the variable {name} has no value")
        line = template.one_line(value)
        if line is None or len(line) > variable.max_chars:
            most = f"{variable.max_chars} characters at most, none of them a control character"
            raise VariableError(f"the variable {name} must have {most}")
        values[name] = line
    return values, [f"{name} is no variable that callers may set" for name in sorted(sent)]


def _allowed(agent: Agent, wanted: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Return what of *wanted* callers of *agent* may change, and a line for each of the rest."""
    if (may_set := agent.callers.may_set) is None:
        return dict(wanted), []
    open_paths = PROTOCOLS_OWN | {CLIENT_OPTIONS[name] for name in may_set}
    names = {path: name for name, path in CLIENT_OPTIONS.items()}
    allowed: dict[str, Any] = {}
    lines: list[str] = []
    for path, value in wanted.items():
        silent = path == "response.greeting" and not value
        if path in open_paths or silent:
            allowed[path] = value
        else:
            lines.append(f"{names.get(path, path)} is set by the agent")
    return allowed, lines
