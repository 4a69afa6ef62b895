"""Tools: what a language model may call during a turn, and who does the work."""

from __future__ import annotations

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
MOST_CALLS = 8
"""Calls in one step of a turn."""


class ToolFunction(msgspec.Struct, frozen=True, kw_only=True):
    """A tool as the language model is told of it."""

    name: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
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
BUILT_IN = {tool.name: tool for tool in (END_CALL,)}
"""Tools that the edge does itself."""
