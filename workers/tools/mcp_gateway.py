"""An MCP server's tools as services on the bus: discovered and called like any other.

Each server has a process of its own, `aura tools mcp`. A server is an HTTP address, with or without
sessions, or a command that speaks over its standard input and output.
"""

# ruff: noqa: PLC0415 - mcp is an extra that the other tools do without

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec
import structlog

from runtime.bus.connection import connect
from runtime.bus.tool_services import Handler, ServiceCall, ToolRefusedError
from runtime.process.stopping import on_stop
from runtime.process.version import installing
from runtime.settings import Settings, SettingsError
from schemas.tools import TOOL_TIMEOUT_MS, ToolConfig
from workers.tools.service import arguments_in, hold

if TYPE_CHECKING:
    from mcp import Client, Tool
    from mcp.types import CallToolResult

log = structlog.get_logger(__name__)

SERVER_RETRY_S = 1.0
"""The wait before a lost server is tried again."""
START_S = 60.0
"""The longest wait for the tools of a server; a command may have to install itself first."""
CONNECT_S, SILENCE_S = 10.0, 300.0
"""The time limits of a connection, and of silence within a response; calls have own deadlines."""
_NO_NAME = re.compile(r"[^A-Za-z0-9_-]")


@dataclass(frozen=True)
class Server:
    """The server, and how its tools are offered."""

    where: Sequence[str]
    """An http(s) address alone, or a command and its arguments."""
    tenant: str
    prefix: str = ""
    """A prefix of the tools' names, in case two servers have tools of the same name."""
    timeout_ms: int = TOOL_TIMEOUT_MS
    env: Sequence[str] = ()
    """Variables of the environment for the command, beside PATH, HOME and similar ones."""

    @property
    def is_http(self) -> bool:
        return self.where[0].startswith(("http://", "https://"))


async def run(settings: Settings, server: Server) -> int:
    """Serve the tools of *server* until SIGTERM or SIGINT; return the process's exit code.

    Raises:
        SettingsError: mcp is not installed, or the server does not answer.
        BusAwayError: no bus answers.
    """
    _require_mcp()
    stop, ended = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()
    limit = asyncio.timeout(None)

    def on_signal() -> None:
        stop.set()
        ended.set()
        if limit.when() is not None:  # the server is awaited: the wait ends now
            limit.reschedule(loop.time())

    on_stop(on_signal)
    served = False
    async with await connect(settings, "aura-mcp", role="service") as bus:
        while not stop.is_set():
            ended.clear()
            limit = asyncio.timeout(START_S)
            try:
                async with limit, _opened(server, settings) as client:
                    handlers = await _handlers(client, server, ended)
                    limit.reschedule(None)
                    served = True
                    await hold(bus, handlers, ended, tenant=server.tenant)
            except Exception as failed:  # of any transport; it is raised or logged
                if not (served or stop.is_set()):
                    raise SettingsError(f"the MCP server {why(failed, server)}") from failed
                log.warning("mcp_server_failed", error=type(failed).__name__)
            limit = asyncio.timeout(None)
            if not stop.is_set():
                log.warning("mcp_server_lost", again_after_s=SERVER_RETRY_S)
                await asyncio.sleep(SERVER_RETRY_S)
    return 0


def _require_mcp() -> None:
    try:
        import mcp  # noqa: F401  # a missing package is reported first
    except ImportError as error:
        raise SettingsError(f"mcp is not installed: {installing('mcp')}") from error


@asynccontextmanager
async def _opened(server: Server, settings: Settings) -> AsyncIterator[Client]:
    """Yield a connection to *server*."""
    from mcp import Client, StdioServerParameters
    from mcp.client.streamable_http import streamable_http_client

    first, *more = server.where
    async with AsyncExitStack() as stack:
        if not server.is_http:
            env = {name: os.environ[name] for name in server.env if name in os.environ}
            where: Any = StdioServerParameters(command=first, args=more, env=env)
        elif token := settings.mcp_token.get_secret_value():
            import httpx2  # of mcp

            http = httpx2.AsyncClient(
                headers={"Authorization": f"Bearer {token}"},
                timeout=httpx2.Timeout(CONNECT_S, read=SILENCE_S),
            )
            where = streamable_http_client(first, http_client=await stack.enter_async_context(http))
        else:
            where = first
        yield await stack.enter_async_context(Client(where))


def why(error: BaseException, server: Server) -> str:
    """Return the fault of *server* and advice, for the operator."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    first = server.where[0]
    if isinstance(error, TimeoutError):
        late = f"{first} does not answer: nothing came in {START_S:g} s"
        if server.is_http:
            return late
        return f"{late} over its standard output; one that serves HTTP is named by its address"
    if isinstance(error, FileNotFoundError | PermissionError):
        return f"{first} does not answer: there is no such command, or it may not be run"
    if server.is_http and type(error).__name__ in {"ConnectError", "ConnectTimeout"}:
        return f"{first} does not answer: nobody listens there"
    if server.is_http:
        return (
            f"{first} does not answer as one: check the path (often /mcp), and AURA_MCP_TOKEN "
            "if it wants a token"
        )
    return (
        f"{first} does not answer: it ended first. What it wrote stands above; a variable of the "
        "environment that it needs is given by --env NAME"
    )


async def _handlers(
    client: Client, server: Server, ended: asyncio.Event
) -> list[tuple[ToolConfig, Handler]]:
    """Return the tools of *server* that are offered, each with its handler."""
    return [
        (config, _handler(client, tool.name, server, ended))
        for tool in await _tools(client)
        if (config := offered(tool, server)) is not None
    ]


async def _tools(client: Client) -> list[Tool]:
    tools: list[Tool] = []
    cursor: str | None = None
    while True:
        page = await client.list_tools(cursor=cursor)
        tools += page.tools
        if not (cursor := page.next_cursor):
            return tools


def offered(tool: Tool, server: Server) -> ToolConfig | None:
    """Return *tool* as the model is offered it; None: its name cannot be one here."""
    hints = tool.annotations
    harmless = bool(hints and (hints.read_only_hint or hints.idempotent_hint))
    try:
        return msgspec.convert(
            {
                "name": _NO_NAME.sub("_", f"{server.prefix}{tool.name}"),
                "description": tool.description or tool.title or "",
                "parameters": tool.input_schema,
                "deadline_ms": server.timeout_ms,
                "idempotent": harmless,
            },
            ToolConfig,
        )
    except msgspec.ValidationError as error:
        log.warning("tool_not_usable", tool=tool.name[:64], error=str(error)[:120])
        return None


def _handler(client: Client, name: str, server: Server, ended: asyncio.Event) -> Handler:
    async def handle(service_call: ServiceCall) -> bytes:
        from mcp import MCPError
        from mcp.types import CONNECTION_CLOSED

        arguments = arguments_in(service_call)
        try:
            result = await client.call_tool(
                name, arguments, read_timeout_seconds=server.timeout_ms / 1000
            )
        except MCPError as error:
            if getattr(error, "code", None) == CONNECTION_CLOSED:
                ended.set()
            raise ToolRefusedError(str(error)) from error
        return text_of(result)

    return handle


def text_of(result: CallToolResult) -> bytes:
    """Return what a result says: its JSON where it has some, else its texts.

    Raises:
        ToolRefusedError: it is an error.
    """
    texts = [text for part in result.content if (text := getattr(part, "text", None))]
    if result.is_error:
        raise ToolRefusedError("\n".join(texts) or "the tool failed")
    if result.structured_content is not None:
        return msgspec.json.encode(result.structured_content)
    return "\n".join(texts).encode()
