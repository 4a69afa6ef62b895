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

from deploy.nats_server import free_port
from runtime.bus.connection import Bus
from runtime.bus.tool_services import ToolRefusedError, call_tool, served_tools
from runtime.settings import Settings
from tests.aura_process import COMMAND
from tests.integration.subscriber_place import as_user
from tests.integration.test_tool_services import running

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

if len(sys.argv) == 1:
    server.run()
else:
    import uvicorn

    app = server.streamable_http_app(stateless_http=True)

    async def guarded(scope, receive, send):
        shown = dict(scope.get("headers", ())).get(b"authorization", b"").decode()
        if scope["type"] == "http" and shown != os.environ["WANTED"]:
            await send({"type": "http.response.start", "status": 401, "headers": []})
            await send({"type": "http.response.body", "body": b""})
        else:
            await app(scope, receive, send)

    uvicorn.run(guarded, port=int(sys.argv[1]))
"""


@asynccontextmanager
async def gateway(
    settings: Settings, folder: Path, *where: str, token: str = ""
) -> AsyncIterator[asyncio.subprocess.Process]:
    env = {**as_user(settings, "service"), "LOG_FORMAT": "json", "AURA_MCP_TOKEN": token}
    process = await running(
        *(*COMMAND, "tools", "mcp", "--prefix", "desk_", *where),
        env=env,
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


async def check(bus: Bus) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while len(found := await served_tools(bus)) < 2:
            pass  # a busy machine answers late
    slots, book = sorted(found, key=lambda one: one.tool.name, reverse=True)
    assert slots.tool.name == "desk_free_slots"
    assert slots.tool.idempotent
    assert slots.tool.parameters["required"] == ["day"]
    assert (book.tool.name, book.tool.idempotent) == ("desk_book_slot", False)
    said = await call_tool(
        bus, "aura.tool.acme.desk_free_slots", b'{"day": "Monday"}', {}, PATIENCE_S
    )
    assert b"Monday 10:30" in said
    subject, none = "aura.tool.acme.desk_book_slot", b'{"slot": "none"}'
    assert b"booked x" in await call_tool(bus, subject, b'{"slot": "x"}', {}, PATIENCE_S)
    with pytest.raises(ToolRefusedError, match=r"book\.slot"):
        await call_tool(bus, subject, none, {}, PATIENCE_S)


async def test_a_command_and_its_death(
    bus: Bus, settings: Settings, tmp_path: Path, file: Path
) -> None:
    async with gateway(settings, tmp_path, sys.executable, str(file)) as process:
        await check(bus)
        with pytest.raises((ToolRefusedError, TimeoutError)):
            await call_tool(bus, "aura.tool.acme.desk_book_slot", b'{"slot": "die"}', {}, 12)
        assert process.stdout
        async with asyncio.timeout(PATIENCE_S):
            while b"tools_ready" not in await process.stdout.readline():
                pass
        await check(bus)


KEYS = """
import os
from mcp.server import MCPServer
server = MCPServer("keys")

@server.tool()
def seen() -> list[str]:
    "Tell the variables."
    return sorted(os.environ)

server.run()
"""


async def test_a_command_has_the_variables_that_are_named_and_no_others(
    bus: Bus, settings: Settings, tmp_path: Path
) -> None:
    file = tmp_path / "server.py"
    file.write_text(KEYS, encoding="utf-8")
    env = {**as_user(settings, "service"), "LOG_FORMAT": "json", "DESK_KEY": "k", "OTHER": "o"}
    process = await running(
        *(*COMMAND, "tools", "mcp", "--env", "DESK_KEY", sys.executable, str(file)),
        env=env,
        ready="tools_ready",
        folder=tmp_path,
    )
    said = await call_tool(bus, "aura.tool.acme.seen", b"{}", {}, 10)
    process.terminate()
    assert await asyncio.wait_for(process.wait(), 15) == 0
    assert b'"DESK_KEY"' in said
    assert b"OTHER" not in said
    assert b"PASSWORD" not in said


@pytest.mark.parametrize("token", ["", "key-of-the-desk"])
async def test_an_address(
    bus: Bus, settings: Settings, tmp_path: Path, file: Path, token: str
) -> None:
    port = free_port()
    server = await running(
        *(sys.executable, str(file), str(port)),
        env={**os.environ, "WANTED": f"Bearer {token}" if token else ""},
        ready="Uvicorn running",
        folder=tmp_path,
    )
    try:
        async with gateway(settings, tmp_path, f"http://127.0.0.1:{port}/mcp", token=token):
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
        ((f"http://127.0.0.1:{free_port()}/mcp",), b"nobody listens there"),
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
