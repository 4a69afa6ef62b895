"""The private parts of aiohttp that the door's WebSocket stands in are there.

They may go with any minor version: then the file is to be written anew and the pin raised.
"""

from __future__ import annotations

import importlib
import tomllib
from operator import attrgetter
from pathlib import Path

import aiohttp
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

PYPROJECT = Path(__file__).parents[2] / "pyproject.toml"
MODULE = ("aiohttp._websocket.helpers", "websocket_mask")
OF_A_WEBSOCKET = (
    "_post_start",
    "_on_data_received",
    "_loop",
    "_exception",
    "_req",
    "_heartbeat",
    "_pong_response_cb",
    "_parser.feed_data",
    "_parser.feed_eof",
    "_reader._buffer",
    "_reader.set_exception",
    "_reader.feed_eof",
)
OF_A_CONNECTION = (
    "_payload_parser",
    "_data_received_cb",
    "_reading_paused",
    "_pause_reading_for_buffer",
    "_resume_reading_for_buffer",
)


def gone(held: object, names: tuple[str, ...]) -> list[str]:
    found = []
    for name in names:
        try:
            attrgetter(name)(held)
        except AttributeError:
            found.append(f"{type(held).__name__}.{name}")
    return found


async def test_the_private_parts_that_a_strict_websocket_needs_are_there() -> None:
    missing: list[str] = []

    async def look(request: web.Request) -> web.WebSocketResponse:
        ws = web.WebSocketResponse(heartbeat=10)
        await ws.prepare(request)
        missing.extend(gone(ws, OF_A_WEBSOCKET) + gone(request.protocol, OF_A_CONNECTION))
        if request.protocol._payload_parser is not ws._parser:
            missing.append("the parser of a connection is not that of its WebSocket")
        await ws.close()
        return ws

    app = web.Application()
    app.router.add_get("/", look)
    async with TestClient(TestServer(app)) as client, client.ws_connect("/") as ws:
        await ws.receive()
    name, function = MODULE
    missing += gone(importlib.import_module(name), (function,))
    assert not missing, (
        f"aiohttp {aiohttp.__version__} has no longer what edge/door/websocket/frame_intake.py and "
        f"strict_websocket.py use: "
        f"{', '.join(missing)}; pin the minor version that has, or write the file for this one"
    )


def test_no_other_minor_version_of_aiohttp_is_installed_unseen() -> None:
    asked = tomllib.loads(PYPROJECT.read_text())["project"]["dependencies"]
    (pin,) = [one for one in asked if one.startswith("aiohttp")]
    major, minor = aiohttp.__version__.split(".")[:2]
    assert pin == f"aiohttp>={major}.{minor},<{major}.{int(minor) + 1}"
