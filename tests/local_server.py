"""A server of a test's own, on a real socket, in a thread: a blocking client blocks our loop."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager

from aiohttp import web

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


@contextmanager
def answering(routes: Mapping[str, Answer]) -> Iterator[str]:
    """Answer *routes* ("POST /v1/audio/speech") and yield the server's address."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="test-server")
    thread.start()
    runner = asyncio.run_coroutine_threadsafe(_begun(routes), loop).result(10)
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _begun(routes: Mapping[str, Answer]) -> web.AppRunner:
    app = web.Application(client_max_size=1 << 26)
    for route, answer in routes.items():
        method, path = route.split()
        app.router.add_route(method, path, answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1, handler_cancellation=True)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    return runner
