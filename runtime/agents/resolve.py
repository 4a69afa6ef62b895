"""The configuration of one call: the operator's, the agent's over it, the caller's on top.

Each layer may only narrow the one below it: a caller may change the options that the agent allows.
A token's value of a variable counts before the caller's.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from msgspec import UNSET

from runtime.agents import template
from schemas.agent import Agent, changes
from schemas.session_config import CLIENT_OPTIONS, SessionConfig, value_at

PROTOCOLS_OWN = frozenset(
    {"voice.delivery", "turns.by_client", "turns.respond", "interruption.allowed"}
)
"""Paths that the client protocol may always set, whatever the agent allows."""
LIMITS = ("limits.call_s", "limits.idle_s", "spend.tokens", "spend.speech_s", "spend.price")
"""Limits that an agent may only lower below those of its tenant and the operator; 0 is no limit."""


class VariableError(ValueError):
    """A variable of the agent has no value, or an invalid one; the message names it."""


@dataclass(frozen=True)
class CallOptions:
    """The variables and changes that a token and a caller ask of an agent."""

    by_token: Mapping[str, str]
    """Values of variables; the token may also hold variables of other agents."""
    by_caller: Mapping[str, str]
    changes: Mapping[str, Any]
    """The changes that the caller asks for: checked values by path of the configuration."""


@dataclass(frozen=True)
class Resolved:
    """A call's configuration, with the variables and changes that led to it."""

    config: SessionConfig
    variables: dict[str, str]
    caller_changes: dict[str, Any]
    """The changes of the caller that were allowed."""
    left_out: tuple[str, ...]
    """One line for each request of the caller that was refused."""


def resolve(agent: Agent, base: SessionConfig, options: CallOptions) -> Resolved:
    """Return the configuration of a call of *agent*, over the operator's configuration *base*.

    Raises:
        VariableError: a variable has no value, or an invalid one.
    """
    variables, refused = _variables(agent, options)
    caller_changes, forbidden = _allowed(agent, options.changes)
    own = changes(agent)
    for path in ("response.system_prompt", "response.greeting"):
        if path in own:
            own[path] = template.fill(own[path], variables)
    own = tightened(own, base)
    return Resolved(
        base.but({**own, **caller_changes}), variables, caller_changes, (*refused, *forbidden)
    )


def tightened(own: Mapping[str, Any], base: SessionConfig) -> dict[str, Any]:
    """Return the changes *own*, with every limit and `webhook.words` no wider than in *base*."""
    limited = dict(own)
    for path in LIMITS:
        if path in limited and (most := value_at(base, path)):
            limited[path] = min(limited[path] or most, most)
    if not base.webhook.words:
        limited["webhook.words"] = False
    return limited


def _variables(agent: Agent, options: CallOptions) -> tuple[dict[str, str], list[str]]:
    """Return the values of the agent's variables, and one line for each that callers may not set.

    Raises:
        VariableError: a variable has no value, or an invalid one.
    """
    values: dict[str, str] = {}
    sent = dict(options.by_caller)
    for name, variable in agent.variables.items():
        by_caller = sent.pop(name, None) if variable.callers_may_set else None
        value = options.by_token.get(name, by_caller)
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
    """Return the changes in *wanted* that *agent* allows, and one line for each of the others."""
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
