"""/api/live: the WebSocket of a page, which gets live state and names the call that it shows."""

import asyncio
import json
from typing import Any

from aiohttp import WSMsgType, web

from aura.cli.console.state import CONSOLE, Console
from aura.cli.console.viewer import Viewer
from runtime.bus.errors import BusAwayError
from schemas.subjects import is_token

SEND_S = 0.1
"""The time between two messages: a page draws ten times a second, however many events there are."""
PING_INTERVAL_S = 20.0
MOST_PAGE_MESSAGE_BYTES = 1024
"""The longest message of a page."""
WATCH = "watch"


async def live(request: web.Request) -> web.WebSocketResponse:
    """Send live state to a page until it disconnects."""
    console, viewer = request.app[CONSOLE], Viewer()
    socket = web.WebSocketResponse(heartbeat=PING_INTERVAL_S, max_msg_size=MOST_PAGE_MESSAGE_BYTES)
    await socket.prepare(request)
    console.sockets.add(socket)
    hello = {
        "kind": "hello",
        "words": console.readable.words,
        "commands": console.settings.console_commands,
        "token": console.access.asks,
    }
    try:
        await socket.send_json(hello)
        async with console.watcher.seen_by(viewer), asyncio.TaskGroup() as tasks:
            sending = tasks.create_task(_send(socket, viewer))
            await _listen(socket, viewer, console)
            sending.cancel()
    except ConnectionError:
        pass  # the page has disconnected
    finally:
        console.sockets.discard(socket)
    return socket


async def _send(socket: web.WebSocketResponse, viewer: Viewer) -> None:
    """Send the news ten times a second."""
    try:
        while not socket.closed:
            for message in viewer.pop_messages():
                await socket.send_str(json.dumps(message, ensure_ascii=False))
            await asyncio.sleep(SEND_S)
    except ConnectionError:
        return  # `_listen` sees it too


async def _listen(socket: web.WebSocketResponse, viewer: Viewer, console: Console) -> None:
    async for message in socket:
        if message.type is not WSMsgType.TEXT:
            continue
        session = _watched(message.data)
        if session is None:
            await socket.close(code=1008, message=b'say {"watch": ID}')
        elif not session:
            viewer.watch("")
        else:
            try:
                await console.watcher.watch(viewer, session)
            except BusAwayError:
                viewer.watch("")  # the state shows that the bus is away; the page asks again


def _watched(text: str) -> str | None:
    """Return the call that a page wants to watch ("" for none), or None for any other message."""
    try:
        message: Any = json.loads(text)
    except (ValueError, RecursionError):
        return None
    session = message.get(WATCH) if isinstance(message, dict) else None
    if not isinstance(session, str) or not (session == "" or is_token(session)):
        return None
    return session
