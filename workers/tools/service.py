"""A tool in a few lines of Python: a function becomes a service on the bus.

    from workers.tools import serve, tool

    @tool(idempotent=True)
    def opening_hours(day: str) -> str:
        "Tell the opening hours. Call it when the caller asks when we are open."
        return "noon to ten"

    if __name__ == "__main__":
        serve()

The tool has the name of the function, its docstring as description, and a schema of its arguments.
"""

import asyncio
import inspect
import sys
from collections.abc import Callable, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, TypeVar, overload

import msgspec
import structlog
from pydantic import TypeAdapter, ValidationError
from pydantic.errors import PydanticSchemaGenerationError, PydanticUserError
from pydantic_core import ArgsKwargs, to_json

from runtime.bus.connection import Bus, connect
from runtime.bus.tool_services import (
    EVERY_TENANT,
    KEY_HEADER,
    SESSION_HEADER,
    Handler,
    ServiceCall,
    ToolRefusedError,
    serving,
)
from runtime.process import logs
from runtime.process.stopping import stop_event
from runtime.settings import Settings, load
from schemas.tools import TOOL_TIMEOUT_MS, ToolConfig

log = structlog.get_logger(__name__)

F = TypeVar("F", bound=Callable[..., Any])


class ToolDefinitionError(ValueError):
    """A function under `@tool` cannot be a tool; the message says why."""


RefusedError = ToolRefusedError
"""An error for a tool to raise: the model gets its words, and tells the caller."""


@dataclass(frozen=True)
class ToolContext:
    """The call for which a tool runs."""

    tenant: str
    session: str
    key: str
    """The idempotency key: the same in every try of a call."""


_call: ContextVar[ToolContext] = ContextVar("call")
_tools: list[tuple[ToolConfig, Handler]] = []
"""The tools of this process, in the order of their definition."""


def call() -> ToolContext:
    """Return the call for which the tool runs.

    Raises:
        LookupError: no tool runs.
    """
    return _call.get()


@overload
def tool(function: F) -> F: ...
@overload
def tool(
    *,
    name: str = "",
    deadline_ms: int = TOOL_TIMEOUT_MS,
    idempotent: bool = False,
    cancel: bool = False,
) -> Callable[[F], F]: ...
def tool(
    function: F | None = None,
    *,
    name: str = "",
    deadline_ms: int = TOOL_TIMEOUT_MS,
    idempotent: bool = False,
    cancel: bool = False,
) -> F | Callable[[F], F]:
    """Make a tool of a function, plain or `async`; see `ToolConfig` for the options.

    Raises:
        ToolDefinitionError: its name or deadline is invalid, another tool has its name, or an
            argument has a type without a JSON Schema.
    """

    def made(function: F) -> F:
        named = name or function.__name__
        try:
            arguments: TypeAdapter[Any] = TypeAdapter(function)  # type: ignore[arg-type]  # it takes functions, too
            parameters = _plain(arguments.json_schema())
        except (PydanticUserError, PydanticSchemaGenerationError) as error:
            why = str(error).partition("\n")[0].partition(". Set `")[0]
            raise ToolDefinitionError(f"@tool {named}: {why}") from error
        fields = {
            "name": named,
            "description": inspect.getdoc(function) or "",
            "parameters": parameters,
            "deadline_ms": deadline_ms,
            "idempotent": idempotent,
            "cancel": cancel,
        }
        _register(fields, _handler(function, arguments))
        return function

    return made if function is None else made(function)


def _register(fields: dict[str, Any], handler: Handler) -> None:
    """Add a tool by the *fields* of its `ToolConfig`.

    Raises:
        ToolDefinitionError: a field is invalid, or another tool has its name.
    """
    name = fields["name"]
    try:
        config = msgspec.convert(fields, ToolConfig)
    except msgspec.ValidationError as error:
        raise ToolDefinitionError(f"@tool {name}: {error}") from error
    if any(other.name == name for other, _ in _tools):
        raise ToolDefinitionError(f"@tool {name}: another tool has this name")
    _tools.append((config, handler))


def _plain(schema: Any) -> Any:
    """Return *schema* without titles, which tell a model nothing and cost it tokens."""
    if isinstance(schema, list):
        return [_plain(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        name: {key: _plain(property_schema) for key, property_schema in value.items()}
        if name in {"properties", "$defs"}
        else _plain(value)
        for name, value in schema.items()
        if not (name == "title" and isinstance(value, str))
    }


def _handler(function: Callable[..., Any], arguments: TypeAdapter[Any]) -> Handler:
    async def handle(service_call: ServiceCall) -> bytes:
        headers = service_call.headers
        session, key = headers.get(SESSION_HEADER, ""), headers.get(KEY_HEADER, "")
        _call.set(ToolContext(service_call.tenant, session, key))
        parsed = arguments_in(service_call)
        try:
            if inspect.iscoroutinefunction(function):
                result = await arguments.validate_python(ArgsKwargs((), parsed))
            else:
                result = await asyncio.to_thread(arguments.validate_python, ArgsKwargs((), parsed))
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False)[0]
            where = ".".join(str(part) for part in first["loc"])
            raise ToolRefusedError(f"{where}: {first['msg']}") from error
        return result.encode() if isinstance(result, str) else to_json(result)

    return handle


def arguments_in(service_call: ServiceCall) -> dict[str, Any]:
    """Return the arguments of a call.

    Raises:
        ToolRefusedError: they are no JSON object.
    """
    try:
        return msgspec.json.decode(service_call.arguments or b"{}", type=dict[str, Any])
    except msgspec.DecodeError as error:
        raise ToolRefusedError("the arguments are not a JSON object") from error


# ---------------------------------------------------------------- running


def serve() -> None:
    """Serve the tools that are defined by now until SIGTERM or SIGINT.

    The bus is found as by every command: NATS_URL, or the `aura up` in AURA_DATA_DIR.
    """
    settings = load()
    logs.configure(settings, "tools")
    sys.exit(asyncio.run(run(settings)))


async def run(settings: Settings, *, tenant: str = EVERY_TENANT) -> int:
    """Serve the tools that are defined by now; return the process's exit code.

    Raises:
        BusAwayError: no server answers.
    """
    stop = stop_event()
    async with await connect(settings, "aura-tools", role="service") as bus:
        await hold(bus, defined(), stop, tenant=tenant)
    return 0


async def hold(
    bus: Bus,
    tools: Sequence[tuple[ToolConfig, Handler]],
    stop: asyncio.Event,
    *,
    tenant: str = EVERY_TENANT,
) -> None:
    """Serve *tools* until *stop*, then finish the calls that run."""
    async with serving(bus, tools, tenant=tenant):
        for config, _ in tools:
            if not config.description:
                advice = "a docstring tells the model what it does and when to call it"
                log.warning("tool_has_no_description", tool=config.name, advice=advice)
        log.info("tools_ready", tools=[config.name for config, _ in tools], tenant=tenant)
        await stop.wait()


def defined() -> list[tuple[ToolConfig, Handler]]:
    """Return the tools of this process."""
    return list(_tools)
