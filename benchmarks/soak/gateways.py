"""A trial: gateways to an MCP server die in the middle of calls."""

import asyncio
import os
import random
import sys
import tempfile
from asyncio.subprocess import DEVNULL
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import psutil

from benchmarks import aura_server
from benchmarks.soak.tool_calls import FAST, Kill, under_kills
from benchmarks.soak.trial import Scale, TrialOutcome, Trials, aura
from runtime.bus.connection import connect
from runtime.settings import load

GATEWAYS = 2
MCP_SERVER = """
import asyncio, os, random
from mcp.server import MCPServer
from mcp.types import ToolAnnotations

server = MCPServer("trial")

@server.tool(annotations=ToolAnnotations(read_only_hint=True))
async def ask(tag: str) -> str:
    await asyncio.sleep(random.uniform(0.3, 1.5))
    return f"#{tag}"

@server.tool()
async def book(tag: str) -> str:
    with open(os.environ["MADE"], "a") as made:
        print(tag, file=made)
    await asyncio.sleep(random.uniform(0.3, 1.5))
    return f"#{tag}"

server.run()
"""
"""A caller's tag names one call: asked again after a cut line, it is another."""


async def killed_gateways(scale: Scale) -> TrialOutcome:
    """kill -9 of gateways to an MCP server, two of which share the calls, over 100 calls."""
    calls = scale.times(100)
    async with aura("--tools", "2", engines=FAST) as run:
        url = await asyncio.to_thread(aura_server.bus_url, run.pid)
        with tempfile.TemporaryDirectory() as folder:
            server, made = Path(folder) / "server.py", Path(folder) / "made"
            server.write_text(MCP_SERVER, encoding="utf-8")
            made.touch()
            async with (
                await connect(load(nats_url=url), "trial") as bus,
                _gateways(url, server, made) as kill,
            ):
                outcome = await under_kills(run, bus, calls, Counter(), kill)
                await asyncio.sleep(3)
                servers = _count(server)
            twice = [t for t, n in Counter(made.read_text().split()).items() if n > 1]
            left = _count(server)
    figures = {**outcome.figures, "run_twice": len(twice), "servers": servers, "orphans": left}
    return TrialOutcome(outcome.held and not twice and servers <= GATEWAYS and not left, figures)


@asynccontextmanager
async def _gateways(url: str, server: Path, made: Path) -> AsyncIterator[Kill]:
    """Run gateways to the MCP server; yield what kills one after another, and starts it again."""
    env = {**os.environ, "NATS_URL": url, "MADE": str(made)}
    command = (sys.executable, "-m", "aura.cli.main", "tools", "mcp", "--env", "MADE")

    async def start() -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            *command, sys.executable, str(server), env=env, stdout=DEVNULL, stderr=DEVNULL
        )

    running = [await start() for _ in range(GATEWAYS)]

    async def kill(stop: asyncio.Event) -> Counter[str]:
        killed: Counter[str] = Counter()
        while not stop.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout(random.uniform(2.0, 5.0)):
                    await stop.wait()
            number = random.randrange(GATEWAYS)
            running[number].kill()
            await running[number].wait()
            killed["gateway"] += 1
            running[number] = await start()
        return killed

    try:
        yield kill
    finally:
        for gateway in running:
            gateway.terminate()
            await gateway.wait()


def _count(server: Path) -> int:
    """Return how many processes of the MCP server there are; a gateway names it, too."""
    command_lines = [process.info["cmdline"] or [] for process in psutil.process_iter(["cmdline"])]
    return sum(line[-1:] == [str(server)] and "mcp" not in line for line in command_lines)


TRIALS: Trials = {
    "kill -9 of MCP gateways over 100 calls of tools": killed_gateways,
}
