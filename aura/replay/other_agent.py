"""The configuration of a recorded session under another agent or revision."""

from typing import NamedTuple

from runtime.agents.config_file import ConfigFileError
from runtime.agents.resolve import CallOptions, resolve
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
    """Return the configuration of the session that *began*, if *wanted* served it.

    The values of its *own* agent are removed first, so that today's *operator* fills what the new
    agent does not set. The variables and the caller's changes stay.

    Raises:
        ConfigFileError: *wanted* cannot be read.
        VariableError: it has a variable without a value in the session.
    """
    used = began.agent
    base = began.config.but({path: value_at(operator, path) for path in _set_paths(own)})
    caller_changes = dict(used.caller_changes) if used else {}
    if not began.config.response.greeting and not (used and "response.greeting" in _set_paths(own)):
        caller_changes["response.greeting"] = ""  # the caller wanted no greeting
    options = CallOptions(
        by_token=used.variables if used else {}, by_caller={}, changes=caller_changes
    )
    made = resolve(wanted.agent(), base, options)
    agent = AgentUsed(
        name=wanted.name,
        revision=wanted.number,
        variables=made.variables,
        caller_changes=made.caller_changes,
    )
    return Served(made.config, agent)


def _set_paths(own: Revision | None) -> list[str]:
    """Return the paths that the session's own agent set."""
    try:
        return list(changes(own.agent())) if own else []
    except ConfigFileError:  # the file is of another version of Aura; its values stay
        return []
