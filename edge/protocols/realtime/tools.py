"""A client's tools in `/v1/realtime`: their definitions, choice and results."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

import msgspec

from edge.core.messages.inputs import ClientToolResult
from edge.protocols.client_protocol import Json
from edge.protocols.parsing import clean
from edge.protocols.realtime.wire import convert, invalid_value, text_of
from schemas.patterns import exact
from schemas.tools import MOST_RESULT_BYTES

MOST_SESSION_TOOLS = 128
"""The most tools of a session."""
MOST_TOOLS_BYTES = 128 * 1024
"""The most bytes of all of them, as JSON: each job of the language model describes them."""
MOST_STEPS = 10
"""The most steps of one turn: a client may let the model call tools repeatedly."""
CLIENT_TOOL_TIMEOUT_MS = 60_000
"""The time for a client's result, after which the model is told that the call failed."""


class FunctionTool(msgspec.Struct, frozen=True, kw_only=True):
    """A function that the client runs."""

    type: Literal["function"]
    name: Annotated[str, msgspec.Meta(pattern=exact("^[A-Za-z0-9_-]{1,64}$"))]
    description: str | None = ""
    parameters: dict[str, Any] | None = None

    @property
    def as_json(self) -> Json:
        parameters = self.parameters or {"type": "object", "properties": {}}
        described = {"name": self.name, "description": self.description or ""}
        return {"type": "function", **described, "parameters": parameters}

    @property
    def config(self) -> dict[str, Any]:
        """Return the tool in the form of the session configuration."""
        return {
            "name": self.name,
            "description": self.description or "",
            "parameters": self.parameters or {},
            "kind": "client",
            "deadline_ms": CLIENT_TOOL_TIMEOUT_MS,
        }


def read_tools(value: object, param: str) -> tuple[FunctionTool, ...]:
    """Return the tools in *value*, found at *param*.

    Raises:
        RequestError: an entry is no function tool, has a number that events cannot have, or they
            are too long together.
    """
    if not isinstance(value, list) or len(value) > MOST_SESSION_TOOLS:
        raise invalid_value(param, f"expected a list of {MOST_SESSION_TOOLS} tools at most.")
    for place, tool in enumerate(value):
        if isinstance(tool, dict) and tool.get("type") == "mcp":
            where = f"{param}[{place}].type"
            raise invalid_value(where, "only the operator can offer MCP servers.")
    tools = convert(value, tuple[FunctionTool, ...], param)
    try:
        msgspec.msgpack.encode(tools)
    except OverflowError:
        raise invalid_value(param, "a whole number has 64 bits at most.") from None
    if len(msgspec.json.encode(tools)) > MOST_TOOLS_BYTES:
        raise invalid_value(param, f"{MOST_TOOLS_BYTES} bytes of JSON at most.")
    return tools


class NamedTool(msgspec.Struct, frozen=True, kw_only=True):
    """The function that a response must call."""

    type: Literal["function"]
    name: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]


ToolChoice = Literal["auto", "none", "required"] | NamedTool


def choice_changes(choice: ToolChoice) -> dict[str, Any]:
    """Return the changes of the session configuration by *choice*."""
    if choice == "none":
        return {"tool_use.max_steps": 0}  # the configuration keeps the operator's tools
    return {"tool_use.choice": choice.name if isinstance(choice, NamedTool) else choice}


def tool_changes(tools: Sequence[FunctionTool], choice: ToolChoice) -> dict[str, Any]:
    """Return the changes of the session configuration by *tools*.

    The *choice* holds for the operator's tools as well, which may be the only ones.
    """
    if choice == "none" or not tools:
        return {} if choice == "auto" else choice_changes(choice)
    return {
        "tools": [tool.config for tool in tools],
        **choice_changes(choice),
        "tool_use.max_steps": MOST_STEPS,
        "tool_use.wait_words": "",  # the client expects only the model's words
        "tool_use.wait_sound": False,
    }


def result_of(item: Mapping[str, Any]) -> ClientToolResult:
    """Return the result in an item of type `function_call_output`.

    Raises:
        RequestError: it is no such item.
    """
    call = text_of(item, "call_id")
    output = item.get("output")
    if not isinstance(output, str) or len(output.encode("utf-8", "replace")) > MOST_RESULT_BYTES:
        raise invalid_value("item.output", f"expected text of {MOST_RESULT_BYTES} bytes at most.")
    return ClientToolResult(call, clean(output))
