"""A tool's service as its reader would run it: the lines of docs/tools.md, and JavaScript."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from edge.door.agents.tool_catalogue import FORGET_AFTER_ROUNDS, ToolCatalogue
from runtime.bus.connection import Bus
from runtime.bus.tool_services import (
    NobodyServesError,
    ServedTool,
    ServiceCall,
    ToolRefusedError,
    call_idempotent_tool,
    call_tool,
    served_tools,
    serving,
)
from runtime.settings import Settings
from schemas.tools import ToolConfig
from tests.integration.subscriber_place import as_user
from tests.nats_server import NatsServer

DOCS = Path(__file__).parents[2] / "docs"
needs_node = pytest.mark.skipif(
    not (shutil.which("node") and shutil.which("npm")),
    reason="NOT TESTED HERE: the JavaScript tool needs node and npm (apt-get install npm)",
)


async def running(
    *command: str, env: dict[str, str], ready: str, folder: Path
) -> asyncio.subprocess.Process:
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=folder,
        env={**os.environ, **env},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    assert process.stdout
    said = b""
    async with asyncio.timeout(30):
        while ready.encode() not in said:
            line = await process.stdout.readline()
            assert line, said
            said += line
    return process


async def check(bus: Bus, tenant: str) -> ServedTool:
    """Return the tool that is served, after a call of it as *tenant*."""
    async with asyncio.timeout(20):
        while not (found := await served_tools(bus)):
            pass
    (served,) = found
    assert served.tool.name == "opening_hours"
    assert served.tool.idempotent
    assert served.tool.description.startswith("Tell the opening hours.")
    assert served.tool.parameters["required"] == ["day"]
    subject = f"aura.tool.{tenant}.opening_hours"
    head = {"Aura-Session": "s_1", "Idempotency-Key": "k"}
    answer = await call_tool(bus, subject, b'{"day": "Monday"}', head, 5)
    assert b"closed" in answer
    with pytest.raises(ToolRefusedError, match="day"):
        await call_tool(bus, subject, b'{"day": 7}', head, 5)
    return served


async def test_the_lines_of_the_document_are_a_tool(
    bus: Bus, settings: Settings, tmp_path: Path
) -> None:
    code = re.search(r"```python\n(.*?)```", (DOCS / "tools.md").read_text("utf-8"), re.DOTALL)
    assert code
    (tmp_path / "hours.py").write_text(code[1], encoding="utf-8")
    env = {**as_user(settings, "service"), "LOG_FORMAT": "json"}
    process = await running(
        sys.executable, "hours.py", env=env, ready="tools_ready", folder=tmp_path
    )
    served = await check(bus, "acme")
    assert served.tenant == "*"
    process.terminate()
    assert await asyncio.wait_for(process.wait(), 15) == 0
    with pytest.raises(NobodyServesError):
        await call_tool(bus, "aura.tool.acme.opening_hours", b"{}", {}, 0.5)
    assert await served_tools(bus) == []


@needs_node
async def test_so_are_those_in_javascript(bus: Bus, settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "package.json").write_text("{}", encoding="utf-8")
    npm = str(shutil.which("npm"))
    install = [npm, "install", "--no-audit", "--no-fund", "--ignore-scripts", "nats@2"]
    done = await asyncio.to_thread(
        subprocess.run, install, cwd=tmp_path, capture_output=True, text=True, timeout=110
    )
    if done.returncode:
        pytest.skip(f"NOT TESTED HERE: npm cannot install: {done.stderr.splitlines()[-1:]}")
    shutil.copy(DOCS / "examples" / "tool.mjs", tmp_path)
    ours = as_user(settings, "service")
    env = {name.removeprefix("AURA_"): value for name, value in ours.items()} | {"TENANT": "acme"}
    node = str(shutil.which("node"))
    process = await running(node, "tool.mjs", env=env, ready="ready", folder=tmp_path)
    served = await check(bus, "acme")
    assert served.tenant == "acme"
    with pytest.raises(NobodyServesError):
        await call_tool(bus, "aura.tool.other.opening_hours", b"{}", {}, 0.5)
    process.terminate()
    assert await asyncio.wait_for(process.wait(), 15) == 0


async def test_a_refusal_reaches_the_model_in_the_words_of_the_tool(bus: Bus) -> None:
    async def full(_: ServiceCall) -> bytes:
        raise ToolRefusedError("Bei Frau Müller ist\nnichts frei: 明日\x1b[2J")

    async with serving(bus, [(ToolConfig(name="book"), full)], tenant="acme"):
        with pytest.raises(ToolRefusedError) as refused:
            await call_tool(bus, "aura.tool.acme.book", b"{}", {}, 5)
    assert str(refused.value) == r"Bei Frau Müller ist nichts frei: 明日\x1b[2J"


@pytest.mark.parametrize("answers", [1, 2], ids=["the first is slow", "the first has died"])
async def test_an_idempotent_call_without_an_answer_is_made_once_more(
    bus: Bus, answers: int
) -> None:
    keys: list[str] = []
    again, over = asyncio.Event(), asyncio.Event()

    async def ask(asked: ServiceCall) -> bytes:
        keys.append(asked.headers["Idempotency-Key"])
        number = len(keys)
        if number == 2:
            again.set()
        await (again if number == answers else over).wait()
        return f"answer {number}".encode()

    async with serving(bus, [(ToolConfig(name="ask"), ask)]):
        subject, head = "aura.tool.acme.ask", {"Idempotency-Key": "k"}
        answer = await call_idempotent_tool(bus, subject, b"{}", head, 3)
        over.set()
    assert (answer, keys) == (f"answer {answers}".encode(), ["k", "k"])


async def test_a_service_that_describes_no_tool_is_left_out(bus: Bus) -> None:
    """Whatever stands in the metadata of a service, the others are found."""
    from nats import micro  # noqa: PLC0415  # a stranger's service
    from nats.micro.service import EndpointConfig, ServiceConfig  # noqa: PLC0415  # nats-py, for this test

    async def nothing(_: object) -> None: ...

    service = await micro.add_service(
        bus.nats_client, ServiceConfig(name="auratools", version="1.0.0", description="x")
    )
    told: list[tuple[str, dict[str, str]]] = [
        ("good", {"description": "d", "parameters": '{"type": "object"}'}),
        ("bad1", {"parameters": "not JSON"}),
        ("bad2", {"parameters": "[1]"}),
        ("bad3", {"deadline_ms": "1"}),
        ("bad4", {"idempotent": '"yes"'}),
    ]
    handler: Callable[[object], Awaitable[None]] = nothing
    for name, metadata in told:
        await service.add_endpoint(
            EndpointConfig(
                name=name, subject=f"aura.tool.acme.{name}", handler=handler, metadata=metadata
            )
        )
    await service.add_endpoint(
        EndpointConfig(name="e", subject="elsewhere.e", handler=handler, metadata={})
    )
    assert [one.tool.name for one in await served_tools(bus)] == ["good"]
    await service.stop()


async def test_a_call_finds_a_tool_that_is_served_just_after_others_looked(
    bus: Bus, settings: Settings
) -> None:
    async def nothing(_: ServiceCall) -> bytes:
        return b"{}"

    catalogue = ToolCatalogue(bus, settings)
    await catalogue.search()
    assert await catalogue.named("acme", ["book"], searches=False) == {}
    async with serving(bus, [(ToolConfig(name="book"), nothing)], tenant="acme"):
        assert (await catalogue.named("acme", ["book"], searches=False)) == {}
        assert (await catalogue.named("acme", ["book"])).keys() == {"book"}


async def test_a_tool_that_is_gone_is_forgotten_and_its_readers_are_told(
    bus: Bus, settings: Settings
) -> None:
    async def nothing(_: ServiceCall) -> bytes:
        return b"{}"

    catalogue = ToolCatalogue(bus, settings)
    async with serving(bus, [(ToolConfig(name="book"), nothing)], tenant="acme"):
        await catalogue.search()
    catalogue.changed.clear()
    for _ in range(FORGET_AFTER_ROUNDS):
        assert not catalogue.changed.is_set()
        await catalogue.search()
    assert await catalogue.named("acme", ["book"], searches=False) == {}
    assert catalogue.changed.is_set()


async def test_an_edge_keeps_the_tools_that_it_knows_while_the_bus_is_away(
    bus: Bus, settings: Settings, nats_server: NatsServer
) -> None:
    async def nothing(_: ServiceCall) -> bytes:
        return b"{}"

    catalogue = ToolCatalogue(bus, settings)
    async with serving(bus, [(ToolConfig(name="book"), nothing)], tenant="acme"):
        await catalogue.search()
        nats_server.kill()
        for _ in range(FORGET_AFTER_ROUNDS):
            await catalogue.search()
        assert (await catalogue.named("acme", ["book"], searches=False)).keys() == {"book"}
