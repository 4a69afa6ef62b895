"""The console for tests: that of an `aura up`, and one in this process."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
from aiohttp import web

from aura.cli.console.app import build, readable_by
from aura.cli.console.watcher import Watcher
from deploy import nats_server
from runtime.settings import Settings, load
from tests.aura_process import AuraProcess
from tests.nats_server import NatsServer


def address_of(aura: AuraProcess) -> str:
    """Return the address that `aura up` told of its console."""
    aura.wait_for("See what goes on in a browser: ")
    found = re.search(r"goes on in a browser: (\S+)", aura.said())
    assert found
    return found[1]


def settings_of(server: NatsServer, **settings: Any) -> Settings:
    """Return the settings of a console on the bus of a test."""
    password = nats_server.passwords(server.folder)["console"]
    on = {"nats_url": server.bare_url, "nats_user": "console", "nats_password": password}
    return load(**on, **settings, _env_file=None)


@asynccontextmanager
async def console(settings: Settings) -> AsyncIterator[str]:
    """Run a console in this process; yield its address."""
    readable = readable_by(settings)
    watcher = Watcher(settings, readable)
    runner = web.AppRunner(build(settings, watcher, readable), shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    watching = asyncio.create_task(watcher.run())
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        watching.cancel()
        await asyncio.wait({watching})
        await runner.cleanup()


class Page:
    """What a page is told over its WebSocket."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket
        self.state: dict[str, Any] = {}
        self.rows: list[list[Any]] = []
        self.events: list[dict[str, Any]] = []
        """Of the call that is looked at."""
        self.partials: list[str] = []
        self.hello: dict[str, Any] = {}

    async def listen(self) -> None:
        async for message in self.socket:
            told = message.json()
            match told.pop("kind"):
                case "hello":
                    self.hello = told
                case "state":
                    self.state |= told
                case "rows":
                    self.rows += told["rows"]
                case "history":
                    self.events = told["events"]
                case "call":
                    self.events += told["events"]
                case "partial":
                    self.partials.append(told["text"])

    def names(self) -> list[str]:
        return [one["name"] for one in self.events]

    def call(self, session: str) -> dict[str, Any] | None:
        """Return the running call *session*, as it is listed."""
        return next((one for one in self.state["calls"] if one["session"] == session), None)

    async def until(self, what: Any, seconds: float = 40) -> Any:
        """Wait until *what*, called, is true; return that."""
        try:
            async with asyncio.timeout(seconds):
                while not (found := what()):
                    await asyncio.sleep(0.02)
        except TimeoutError:
            raise AssertionError(f"never so; state {self.state}, {self.names()}") from None
        return found


@asynccontextmanager
async def looking(http: aiohttp.ClientSession, url: str) -> AsyncIterator[Page]:
    async with http.ws_connect(f"{url}/api/live") as socket:
        page = Page(socket)
        listening = asyncio.create_task(page.listen())
        try:
            await page.until(lambda: page.state)
            yield page
        finally:
            listening.cancel()
            await asyncio.wait({listening})
