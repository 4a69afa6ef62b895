"""Tools: what a language model may call during a turn, and who does the work."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Annotated, Any, Literal

import msgspec

ToolKind = Literal["nats", "webhook", "client", "builtin"]
"""Who does the work: a NATS service (the gateway to an MCP server is one), an HTTP address, the
client of the call, or the edge itself."""
ToolFailure = Literal["timeout", "refused", "unknown", "invalid", "unknown_outcome", "cancelled"]
"""Why a call has no result: nothing came before its deadline; the tool answered with an error;
there is no such tool, or nobody serves it; its arguments or its result are not what they must be;
it may have run, and its result is lost; the turn was cancelled."""

MOST_ARGUMENT_CHARS = 16_384
"""Of the arguments of one call."""
MOST_RESULT_BYTES = 32_768
"""Of the result of one call."""
MOST_TOOL_BYTES = 16_384
"""Of what a service says of one tool: every job of a language model carries it."""
MOST_CALLS = 8
"""Calls in one step of a turn."""


class ToolFunction(msgspec.Struct, frozen=True, kw_only=True):
    """A tool as the language model is told of it."""

    name: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_-]{1,64}$", examples=["book_table"])]
    description: str = ""
    """What it does and when to call it, in words for the model."""
    parameters: dict[str, Any] = {}
    """JSON Schema of the arguments, an object; empty: it takes none."""


class ToolConfig(ToolFunction, frozen=True, kw_only=True):
    """A tool of one session."""

    kind: ToolKind = "nats"
    target: str = ""
    """The address of a webhook; for other kinds nothing."""
    deadline_ms: Annotated[int, msgspec.Meta(ge=100, le=110_000)] = 10_000
    """A call without a result for so long has failed."""
    idempotent: bool = False
    """The same call twice does what one does, so that it may be repeated after a failure."""
    cancel: bool = False
    """An interruption of the turn cancels the call; else it goes on, and its result is told when
    nobody speaks."""


def functions_of(tools: Sequence[ToolConfig]) -> tuple[ToolFunction, ...]:
    """Return *tools* as the language model is told of them."""
    return tuple(
        ToolFunction(name=tool.name, description=tool.description, parameters=tool.parameters)
        for tool in tools
    )


def chosen(choice: str, offered: Sequence[ToolFunction]) -> str:
    """Return what the model must call of what is *offered*: `TurnTaken.tool_choice`."""
    can = choice in {tool.name for tool in offered} or (choice == "required" and offered)
    return choice if can else "auto"


def call_id(turn: int, step: int, call: int) -> str:
    """Return the id by which a model and a client know a call of their session."""
    return f"call_{turn}_{step}_{call}"


def idempotency_key(session: str, turn: int, step: int, call: int) -> str:
    """Return what tells one call from every other: the same at each attempt to run it."""
    return f"{session}.{turn}.{step}.{call}"


END_CALL = ToolConfig(
    name="end_call",
    description="End the call. Call it when the caller says goodbye or wants nothing more.",
    kind="builtin",
    idempotent=True,
)
MOST_KEYS = 32
SEND_DTMF = ToolConfig(
    name="send_dtmf",
    description="Press keys of the telephone, as a menu at the other end asks for. Say nothing in "
    "the same turn.",
    parameters={
        "type": "object",
        "properties": {"keys": {"type": "string", "pattern": f"^[0-9*#]{{1,{MOST_KEYS}}}$"}},
        "required": ["keys"],
    },
    kind="client",
    deadline_ms=20_000,
)
"""Done by the line of the call; only a telephone's has it."""
BUILT_IN = {tool.name: tool for tool in (END_CALL, SEND_DTMF)}
"""Tools that an edge does itself, for any session."""
TRANSFER = "transfer"
RINGS_MS = 60_000
"""A transfer to a telephone may ring for so long."""


def transfer_tool(
    agents: Mapping[str, str], phones: Mapping[str, str] = MappingProxyType({})
) -> ToolConfig:
    """Return the built-in tool that hands the caller over to one of *agents*, or of *phones*.

    They are names to a line about each, which may be empty.
    """
    agents = {**agents, **phones}
    lines = "".join(
        f"\n{name}: {about}" if about else f"\n{name}" for name, about in agents.items()
    )
    return ToolConfig(
        name=TRANSFER,
        description=f"Hand the caller over to a colleague who takes care of what they want.{lines}",
        parameters={
            "type": "object",
            "properties": {"agent": {"type": "string", "enum": list(agents)}},
            "required": ["agent"],
        },
        kind="builtin",
        deadline_ms=RINGS_MS if phones else 10_000,
    )


def flaw(tool: ToolConfig) -> str:
    """Return why *tool*, as somebody has written it, cannot be used; empty: it can."""
    if tool.kind == "builtin":
        return f"{tool.name}: a built-in tool is named, not described"
    if tool.kind == "webhook" and not tool.target.startswith(("http://", "https://")):
        return f"{tool.name}: the target of a webhook is an http or https address"
    return ""


def transfer_targets(tool: ToolConfig) -> tuple[str, ...]:
    """Return the agents that the tool `transfer` may hand over to."""
    return tuple(tool.parameters.get("properties", {}).get("agent", {}).get("enum", ()))
