"""`aura tools`: serves the tools in Python files, and lists the tools on the bus."""

# ruff: noqa: PLC0415 - `aura --help` must not load pydantic and the bus

import asyncio
import os
import runpy
from pathlib import Path
from typing import Annotated

import typer

from aura.cli.fast_start import without_aiohttp
from aura.cli.running import CommandError, role, run
from runtime.settings import Settings, load
from schemas import subjects

app = typer.Typer(no_args_is_help=True, help="Serve tools for agents; list those on the bus.")
EVERYBODY = "*"


def _check(tenant: str) -> None:
    if tenant != EVERYBODY and not subjects.is_token(tenant):
        raise CommandError("--tenant must be 1 to 128 of A-Z a-z 0-9 _ -")


@app.command()
def serve(
    files: Annotated[list[Path], typer.Argument(help="Python files with functions under @tool.")],
    tenant: Annotated[
        str, typer.Option(help="Tenant whose sessions may call the tools; `*`: all.")
    ] = EVERYBODY,
) -> None:
    """Serve the tools in FILES until Ctrl-C; several processes share the calls.

    It uses the bus at NATS_URL, or that of the `aura up` in AURA_DATA_DIR.
    """
    from workers.tools import service

    _check(tenant)
    for file in files:
        if not file.is_file():
            raise CommandError(f"there is no file {file}")
        try:
            runpy.run_path(str(file), run_name="aura_tools")
        except service.ToolDefinitionError as error:
            raise CommandError(f"{file}: {error}") from error
    if not service.defined():
        raise CommandError(
            "no function there has the decorator @tool (from workers.tools import tool)"
        )
    settings = load()
    role(settings, "tools", service.run(settings, tenant=tenant))


@app.command(context_settings={"allow_interspersed_args": False})
def mcp(
    server: Annotated[
        list[str], typer.Argument(help="The server's http(s) URL, or a command and its arguments.")
    ],
    tenant: Annotated[
        str, typer.Option(help="Tenant whose sessions may call the tools; `*`: all.")
    ] = EVERYBODY,
    prefix: Annotated[str, typer.Option(help="Put before the tools' names.")] = "",
    timeout_ms: Annotated[
        int,
        typer.Option(
            "--deadline-ms",
            min=100,
            max=110_000,
            help="Time after which a call without a result has failed.",
        ),
    ] = 10_000,
    env: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME", help="Environment variable for the command, such as a key; repeat."
        ),
    ] = None,
) -> None:
    """Serve the tools of an MCP server until Ctrl-C.

    aura tools mcp https://mcp.example/mcp
    aura tools mcp --prefix files_ npx -y @modelcontextprotocol/server-filesystem /srv

    A command gets PATH, HOME and similar variables of the environment, and those in --env. A URL
    gets AURA_MCP_TOKEN as a bearer token.
    """
    from workers.tools import mcp_gateway

    _check(tenant)
    settings = load()
    if missing := [name for name in env or [] if name not in os.environ]:
        raise CommandError(f"--env {missing[0]}: the environment has no such variable")
    mcp_server = mcp_gateway.Server(server, tenant, prefix, timeout_ms, env or [])
    role(settings, "tools", mcp_gateway.run(settings, mcp_server))


@app.command("list")
def show() -> None:
    """List the tools of all services on the bus."""
    run(_show(load()))


async def _show(settings: Settings) -> int:
    from rich.console import Console
    from rich.table import Table

    with without_aiohttp():
        from runtime.bus.connection import connect
        from runtime.bus.silence import SILENCE_S
        from runtime.bus.tool_services import served_tools
    from runtime.text.printable import printable

    async with await connect(settings, "aura-tools-list") as bus:
        served = await served_tools(bus, silence_s=SILENCE_S)
    if not served:
        print("No service offers a tool now: aura tools serve FILE")
        return 0
    table = Table("tenant", "tool", "arguments", "description", box=None)
    for service in served:
        arguments = ", ".join(service.tool.parameters.get("properties", {}))
        first = service.tool.description.partition("\n")[0]
        row = (service.tenant, service.tool.name, arguments, first)
        table.add_row(*(printable(text) for text in row))
    await asyncio.to_thread(Console().print, table)
    return 0
