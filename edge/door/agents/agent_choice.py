"""Chooses the agent of a call, and returns the call's configuration.

The first of these that exists:

1. the agent of the token, whatever the caller names
2. the agent that the caller names, if callers may choose it
3. the agent of the tenant's file
4. the agent `default`, of the tenant or shared
5. no agent: the operator's settings

A resumed session keeps its agent at the same revision.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from msgspec import UNSET, UnsetType, structs

from edge.core.messages.client_commands import Begin
from edge.door.agents.agent_table import AgentTable
from edge.door.callers.auth import Caller
from edge.door.refusal import RefusedError
from edge.protocols.client_protocol import CloseCode
from runtime.agents.config_file import ConfigFileError
from runtime.agents.resolve import CallOptions, VariableError, resolve
from runtime.agents.store import Revision
from schemas.agent import Agent, AgentUsed
from schemas.session_config import SessionConfig
from schemas.webhook_config import WebhookConfig

DEFAULT = "default"
"""The agent of a call that names none."""


@dataclass(frozen=True)
class CallSettings:
    """The agent and configuration of a call."""

    config: SessionConfig
    agent: AgentUsed | None
    """None: the operator's settings alone."""
    caller_changes: Mapping[str, Any] = field(default_factory=dict)
    """The changes of the caller that are allowed."""
    left_out: tuple[str, ...] = ()
    """One line for each refused wish of the caller."""
    with_changes: Callable[[Mapping[str, Any]], SessionConfig] | None = None
    """Returns the configuration with other changes of the caller; None: no change is possible."""
    file: Agent | None = None
    """What the agent's file says."""


def unknown_agent(why: str, close: CloseCode = CloseCode.POLICY_VIOLATION) -> RefusedError:
    """Return the refusal of a call whose agent cannot be found."""
    return RefusedError("AGENT_UNKNOWN", "Unknown agent", why, close)


def choose(
    table: AgentTable, caller: Caller, wanted: str, default: str | UnsetType = UNSET
) -> Revision | None:
    """Return the agent of a new session.

    *wanted* is the agent that the client names, *default* the agent of the tenant's file.

    Raises:
        RefusedError: the named agent is unknown, or it is not for this caller.
    """
    check_token(caller, wanted)
    name = caller.agent or wanted
    if not name and default is not UNSET:
        if (found := table.find(caller.tenant, default)) is None:
            why = f"the tenant's agent {default} is not applied"
            raise unknown_agent(why, CloseCode.INTERNAL_ERROR)
        return found
    found = table.find(caller.tenant, name or DEFAULT)
    if name and (found is None or not (caller.agent or _may_be_chosen(found))):
        raise unknown_agent(f"there is no agent {name} that this caller may choose")
    return found


def check_token(caller: Caller, wanted: str) -> None:
    """Refuse the agent *wanted* where the token names another; empty: none is wanted.

    Raises:
        RefusedError: it does.
    """
    if caller.agent and wanted not in {"", caller.agent}:
        details = "the token names another agent"
        raise RefusedError("AGENT_REFUSED", "Agent refused", details, CloseCode.POLICY_VIOLATION)


def _may_be_chosen(found: Revision) -> bool:
    try:
        return found.agent().callers.may_choose
    except ConfigFileError:  # `configure` reports it
        return True


def configure(
    found: Revision | None,
    caller: Caller,
    begin: Begin,
    operator: SessionConfig,
    before: AgentUsed | None = None,
) -> CallSettings:
    """Return the settings of a call of the agent *found*, on top of the *operator*'s.

    *before*: the agent of a resumed session, with its variables.

    Raises:
        RefusedError: a variable has no value or an invalid one, or the agent is broken.
    """
    wanted = begin.changes if begin.greeting else {**begin.changes, "response.greeting": ""}
    if found is None:
        left_out = ("no agent serves this call: it has no variables",) if begin.variables else ()
        return CallSettings(operator.but(wanted), None, wanted, left_out)
    if before:
        return _configured(
            found, CallOptions(before.variables, {}, wanted), operator, before.webhook
        )
    return _configured(found, CallOptions(caller.variables, begin.variables, wanted), operator)


def configure_transfer(
    found: Revision | None,
    caller: Caller,
    before: AgentUsed,
    now: SessionConfig,
    operator: SessionConfig,
) -> CallSettings:
    """Return the settings of a call after its transfer from the agent *before* to *found*.

    The caller's variables and changes go over to the new agent, as far as it lets callers set them.
    Audio delivery and recording stay as in *now*, and so does a webhook if the new agent has none.
    A call that began without a greeting gets none of the new agent.

    Raises:
        RefusedError: there is no such agent, or it cannot serve this call.
    """
    if found is None:
        raise unknown_agent("there is no such agent")
    delivery = {"voice.delivery": now.voice.delivery}
    changed = before.caller_changes
    silent = {"response.greeting": ""} if changed.get("response.greeting") == "" else {}
    operator = operator.but({"response.greeting": ""})  # the operator's greeting is for new calls

    def configured(wanted: Mapping[str, Any]) -> CallSettings:
        options = CallOptions(caller.variables, before.variables, wanted)
        made = _configured(found, options, operator, now.webhook)
        return replace(made, config=made.config.but({"record_audio": now.record_audio}))

    def with_changes(changes: Mapping[str, Any]) -> SessionConfig:
        return configured({**delivery, **changes, **silent}).config

    return replace(configured({**changed, **delivery}), with_changes=with_changes)


def _configured(
    found: Revision,
    options: CallOptions,
    operator: SessionConfig,
    webhook: WebhookConfig | None = None,
) -> CallSettings:
    """Return the settings of a call of the agent *found*, with *webhook* if it names none."""
    try:
        file = found.agent()
        made = resolve(file, operator, options)
    except VariableError as error:
        details = f"agent {found.name}: {error}"
        raise RefusedError(
            "INVALID_VARIABLES", "Variables refused", details, CloseCode.POLICY_VIOLATION
        ) from error
    except ConfigFileError as error:
        details = f"agent {found} cannot be read by this edge: apply it again"
        raise RefusedError(
            "AGENT_BROKEN", "Agent cannot be used", details, CloseCode.INTERNAL_ERROR
        ) from error
    config, passed_on = made.config, None
    if file.webhook is UNSET and webhook and webhook.url:
        words = webhook.words and operator.webhook.words
        passed_on = structs.replace(webhook, words=words)
        config = structs.replace(config, webhook=passed_on)
    used = AgentUsed(
        name=found.name,
        revision=found.number,
        variables=made.variables,
        caller_changes=made.caller_changes,
        webhook=passed_on,
    )
    return CallSettings(config, used, made.caller_changes, made.left_out, file=file)
