"""Tools that a language model may call during a turn."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Annotated, Any, Literal

import msgspec

from schemas.patterns import exact

ToolKind = Literal["nats", "webhook", "client", "builtin"]
"""What runs a tool: a NATS service (such as the gateway to an MCP server), an HTTP address, the
client of the call, or the edge itself."""
ToolFailure = Literal["timeout", "refused", "unknown", "invalid", "unknown_outcome", "cancelled"]
"""The reasons why a call failed: no result before the deadline; an error of the tool; an unknown
tool, or no service for it; invalid arguments or an invalid result; a lost result of a call that may
have run; a cancelled turn."""

MOST_ARGUMENT_CHARS = 16_384
"""Limit of the arguments of one call."""
MOST_RESULT_BYTES = 32_768
"""Limit of the result of one call."""
MOST_TOOL_BYTES = 16_384
"""Limit of a tool's description, which is part of every job of the language model."""
TOOL_TIMEOUT_MS = 10_000
"""The time that a tool has for its result, unless it says another."""
MOST_CALLS = 8
"""The most calls in one step of a turn."""


class ToolFunction(msgspec.Struct, frozen=True, kw_only=True):
    """A tool as the language model sees it."""

    name: Annotated[
        str, msgspec.Meta(pattern=exact("^[A-Za-z0-9_-]{1,64}$"), examples=["book_table"])
    ]
    """The name, by which the model calls it."""
    description: str = ""
    """What the tool does and when to call it, in words for the model."""
    parameters: dict[str, Any] = {}
    """JSON Schema of the arguments, an object; empty if there are none."""


class ToolConfig(ToolFunction, frozen=True, kw_only=True):
    """A tool of one session."""

    kind: ToolKind = "nats"
    """What runs it: a NATS service, an HTTP address, the client, or the edge itself (`builtin`)."""
    target: str = ""
    """The address of a webhook; empty for other kinds."""
    timeout_ms: Annotated[int, msgspec.Meta(ge=100, le=110_000)] = msgspec.field(
        default=TOOL_TIMEOUT_MS, name="deadline_ms"
    )
    """The time without a result after which a call has failed, ms."""
    idempotent: bool = False
    """Whether a repeated call has no further effect, so that it may be retried after a failure."""
    cancel: bool = False
    """Whether an interruption of the turn cancels the call; else the call goes on, and its result
    is told when nobody speaks."""

    @property
    def is_transfer(self) -> bool:
        """Whether it is the built-in tool `transfer`, and not a client's tool of that name."""
        return self.kind == "builtin" and self.name == TRANSFER


def functions_of(tools: Sequence[ToolConfig]) -> tuple[ToolFunction, ...]:
    """Return *tools* as the language model is told of them."""
    return tuple(
        ToolFunction(name=tool.name, description=tool.description, parameters=tool.parameters)
        for tool in tools
    )


def chosen(choice: str, offered: Sequence[ToolFunction]) -> str:
    """Return `TurnTaken.tool_choice` for the *offered* tools."""
    can = choice in {tool.name for tool in offered} or (choice == "required" and offered)
    return choice if can else "auto"


def call_id(turn: int, step: int, call: int) -> str:
    """Return the id of a call, as the model and the client see it."""
    return f"call_{turn}_{step}_{call}"


def idempotency_key(session: str, turn: int, step: int, call: int) -> str:
    """Return the idempotency key of a call, which is the same at each attempt to run it."""
    return f"{session}.{turn}.{step}.{call}"


END_CALL = ToolConfig(
    name="end_call",
    description="End the call. Call it when the caller says goodbye or wants nothing more.",
    kind="builtin",
    idempotent=True,
)
MOST_SENT_KEYS = 32
SEND_DTMF = ToolConfig(
    name="send_dtmf",
    description="Press keys of the telephone, as a menu at the other end asks for. Say nothing in "
    "the same turn.",
    parameters={
        "type": "object",
        "properties": {"keys": {"type": "string", "pattern": f"^[0-9*#]{{1,{MOST_SENT_KEYS}}}$"}},
        "required": ["keys"],
    },
    kind="client",
    timeout_ms=20_000,
)
"""The built-in tool of the telephone line; only telephone calls have it."""
BUILT_IN = {tool.name: tool for tool in (END_CALL, SEND_DTMF)}
"""The built-in tools, which the edge runs itself, for any session."""
TRANSFER = "transfer"
RINGS_MS = 60_000
"""The time that a transfer to a telephone may ring."""


def transfer_tool(
    agents: Mapping[str, str], phones: Mapping[str, str] = MappingProxyType({})
) -> ToolConfig:
    """Return the built-in tool that hands the caller over to one of *agents* or *phones*.

    Both map names to one-line descriptions, which may be empty.
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
        timeout_ms=RINGS_MS if phones else TOOL_TIMEOUT_MS,
    )


def flaw(tool: ToolConfig) -> str:
    """Return the reason why *tool* is invalid, or "" if it is valid."""
    if tool.kind == "builtin":
        return f"{tool.name}: a built-in tool is named, not described"
    if tool.kind == "webhook" and not tool.target.startswith(("http://", "https://")):
        return f"{tool.name}: the target of a webhook is an http or https address"
    return ""


def transfer_targets(tool: ToolConfig) -> tuple[str, ...]:
    """Return the agents to which the tool `transfer` may hand over."""
    return tuple(tool.parameters.get("properties", {}).get("agent", {}).get("enum", ()))
