"""The tools of MCP servers, over HTTP and over standard input and output, called over the bus."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.util import find_spec
from pathlib import Path

import pytest

from runtime.bus.connection import Bus
from runtime.bus.tool_services import ToolRefusedError, call_tool, served_tools
from runtime.settings import Settings
from tests.aura_process import COMMAND
from tests.integration.subscriber_place import as_user
from tests.integration.test_tool_services import running
from tests.ports import free_ports

pytestmark = pytest.mark.skipif(
    not find_spec("mcp"), reason="NOT TESTED HERE: pip install 'aura-voice[mcp]'"
)

SERVER = """
import os, sys
from mcp.server import MCPServer
from mcp.types import ToolAnnotations

server = MCPServer("front-desk")

@server.tool(annotations=ToolAnnotations(read_only_hint=True))
def free_slots(day: str) -> list[str]:
    "Tell the free slots of a day."
    return [f"{day} 9:00", f"{day} 10:30"]

@server.tool(name="book.slot")
def book(slot: str) -> str:
    "Book a slot."
    if slot == "none":
        raise ValueError("there is no such slot")
    if slot == "die":
        os._exit(1)
    return f"booked {slot}"

@server.tool()
def seen() -> list[str]:
    "Tell the variables."
    return sorted(os.environ)

if len(sys.argv) == 1:
    server.run()
else:
    import uvicorn

    app = server.streamable_http_app(stateless_http=True)

    async def guarded(scope, receive, send):
        shown = dict(scope.get("headers", ())).get(b"authorization", b"").decode()
        wanted = "" if scope.get("query_string") == b"open" else os.environ["WANTED"]
        if scope["type"] == "http" and shown != wanted:
            await send({"type": "http.response.start", "status": 401, "headers": []})
            await send({"type": "http.response.body", "body": b""})
        else:
            await app(scope, receive, send)

    uvicorn.run(guarded, port=int(sys.argv[1]))
"""


@asynccontextmanager
async def gateway(
    settings: Settings, folder: Path, *where: str, prefix: str = "desk_", **env: str
) -> AsyncIterator[asyncio.subprocess.Process]:
    named = ("--prefix", prefix) if prefix else ()
    process = await running(
        *(*COMMAND, "tools", "mcp", *named, *where),
        env={**as_user(settings, "service"), "LOG_FORMAT": "json", **env},
        ready="tools_ready",
        folder=folder,
    )
    try:
        yield process
    finally:
        process.terminate()
        assert await asyncio.wait_for(process.wait(), 15) == 0


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "server.py"
    path.write_text(SERVER, encoding="utf-8")
    return path


PATIENCE_S = 40.0


async def asked(bus: Bus, tool: str, arguments: bytes) -> bytes:
    return await call_tool(bus, f"aura.tool.acme.{tool}", arguments, {}, PATIENCE_S)


async def check(bus: Bus, prefix: str = "desk_") -> None:
    async with asyncio.timeout(PATIENCE_S):
        while len(found := await served_tools(bus)) < 3:
            pass  # a busy machine answers late
    slots, book = f"{prefix}free_slots", f"{prefix}book_slot"
    tools = {one.tool.name: one.tool for one in found}
    assert set(tools) == {slots, book, f"{prefix}seen"}
    assert tools[slots].idempotent
    assert tools[slots].parameters["required"] == ["day"]
    assert not tools[book].idempotent
    assert b"Monday 10:30" in await asked(bus, slots, b'{"day": "Monday"}')
    assert b"booked x" in await asked(bus, book, b'{"slot": "x"}')
    with pytest.raises(ToolRefusedError, match=r"book\.slot"):
        await asked(bus, book, b'{"slot": "none"}')
    for arguments in (b"[2]", b"{"):
        with pytest.raises(ToolRefusedError, match="not a JSON object"):
            await asked(bus, book, arguments)


async def test_a_command_its_variables_and_its_death(
    bus: Bus, settings: Settings, tmp_path: Path, file: Path
) -> None:
    command = ("--env", "DESK_KEY", sys.executable, str(file))
    async with gateway(settings, tmp_path, *command, DESK_KEY="k", OTHER="o") as process:
        await check(bus)
        seen = await asked(bus, "desk_seen", b"{}")
        assert b'"DESK_KEY"' in seen
        assert b"OTHER" not in seen
        assert b"PASSWORD" not in seen
        with pytest.raises((ToolRefusedError, TimeoutError)):
            await call_tool(bus, "aura.tool.acme.desk_book_slot", b'{"slot": "die"}', {}, 12)
        assert process.stdout
        async with asyncio.timeout(PATIENCE_S):
            while b"tools_ready" not in await process.stdout.readline():
                pass
        await check(bus)


async def test_an_address_that_is_open_and_one_that_wants_a_token(
    bus: Bus, settings: Settings, tmp_path: Path, file: Path
) -> None:
    port, token = free_ports(), "key-of-the-desk"
    server = await running(
        *(sys.executable, str(file), str(port)),
        env={**os.environ, "WANTED": f"Bearer {token}"},
        ready="Uvicorn running",
        folder=tmp_path,
    )
    url = f"http://127.0.0.1:{port}/mcp"
    try:
        async with gateway(settings, tmp_path, f"{url}?open", prefix=""):
            await check(bus, prefix="")
        async with gateway(settings, tmp_path, url, AURA_MCP_TOKEN=token):
            await check(bus)
            server.send_signal(signal.SIGKILL)
            await server.wait()
            with pytest.raises(ToolRefusedError, match="was lost"):  # and no silence
                await call_tool(bus, "aura.tool.acme.desk_free_slots", b'{"day": "M"}', {}, 60)
    finally:
        if server.returncode is None:
            server.send_signal(signal.SIGKILL)
            await server.wait()


@pytest.mark.parametrize(
    ("where", "advice"),
    [
        ((f"http://127.0.0.1:{free_ports()}/mcp",), b"nobody listens there"),
        (("no-such-command",), b"there is no such command"),
        ((sys.executable, "-c", "raise SystemExit('no key')"), b"--env NAME"),
    ],
    ids=["address", "command", "ends"],
)
async def test_a_server_that_is_not_there_is_told(
    settings: Settings, tmp_path: Path, where: tuple[str, ...], advice: bytes
) -> None:
    process = await asyncio.create_subprocess_exec(
        *(*COMMAND, "tools", "mcp", *where),
        cwd=tmp_path,
        env={**os.environ, **as_user(settings, "service")},
        stderr=asyncio.subprocess.PIPE,
    )
    _, said = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode
    assert b"does not answer" in said
    assert advice in said


async def test_a_server_that_says_nothing_is_left_when_the_gateway_is_told_to_stop(
    settings: Settings, tmp_path: Path
) -> None:
    sleeps = "import pathlib, time; pathlib.Path('up').touch(); time.sleep(600)"
    process = await asyncio.create_subprocess_exec(
        *(*COMMAND, "tools", "mcp", sys.executable, "-c", sleeps),
        cwd=tmp_path,
        env={**os.environ, **as_user(settings, "service")},
    )
    async with asyncio.timeout(60):
        while not (tmp_path / "up").exists():
            await asyncio.sleep(0.1)
    process.terminate()
    assert await asyncio.wait_for(process.wait(), 30) == 0
