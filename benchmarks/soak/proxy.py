"""A TCP proxy that fails like a network: refuses, goes dark, cuts, is slow."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

PIECE_BYTES = 64 * 1024


class _ProxiedLink:
    """A client's connection, and the proxy's to the server."""

    def __init__(self, writers: tuple[asyncio.StreamWriter, asyncio.StreamWriter]) -> None:
        self.writers = writers
        self.open = asyncio.Event()
        """Set while bytes pass; cleared while the link is half-open."""
        self.open.set()

    def cut(self) -> None:
        for writer in self.writers:
            writer.transport.abort()


class Proxy:
    """Between the roles and one nats-server, on a port of its own.

    It passes all bytes on, in order. In the dark it reads nothing, so that the senders' buffers
    fill up as on a dead link.
    """

    def __init__(self, target: tuple[str, int]) -> None:
        self._target = target
        self._links: set[_ProxiedLink] = set()
        self._server: asyncio.Server | None = None
        self._listening = asyncio.Lock()
        self.port = 0
        self._dark = False
        self._delay_ms: tuple[float, float] = (0.0, 0.0)
        """Mean and spread."""
        self.taken = 0
        """Connections so far."""

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        await self.refuse()

    # -------------------------------------------------------- faults

    async def refuse(self) -> None:
        """Close all links and refuse new ones, like a stopped server."""
        if self._server:
            self._server.close()
            self._server = None
        self.cut()

    async def listen_again(self) -> None:
        """Undo `refuse`."""
        await self.start()

    def cut(self) -> None:
        for link in list(self._links):
            link.cut()

    def freeze(self) -> int:
        """Stop all bytes on the open links; new links work.

        Returns the number of frozen links.
        """
        alive = [link for link in self._links if link.open.is_set()]
        for link in alive:
            link.open.clear()
        return len(alive)

    def go_dark(self) -> None:
        """Stop all bytes on all links, new ones too."""
        self._dark = True
        self.freeze()

    def light(self) -> None:
        """Undo `go_dark` and `freeze`: waiting bytes pass, as TCP would send them again."""
        self._dark = False
        for link in self._links:
            link.open.set()

    def delay(self, mean_ms: float, spread_ms: float) -> None:
        """Delay each piece by mean +/- spread, in order."""
        self._delay_ms = (mean_ms, spread_ms)

    # -------------------------------------------------------- forwarding

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.taken += 1
        try:
            to_reader, to_writer = await asyncio.open_connection(*self._target)
        except OSError:
            writer.transport.abort()
            return
        link = _ProxiedLink((writer, to_writer))
        if self._dark:
            link.open.clear()
        self._links.add(link)
        ways = [
            asyncio.create_task(self._pass(link, reader, to_writer)),
            asyncio.create_task(self._pass(link, to_reader, writer)),
        ]
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        await link.open.wait()  # in the dark the close of the other side is not seen
        for way in ways:
            way.cancel()
        link.cut()
        self._links.discard(link)

    async def _pass(
        self, link: _ProxiedLink, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        arriving: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(256)
        leaving = asyncio.create_task(_send(link, arriving, writer))
        loop, due = asyncio.get_running_loop(), 0.0
        try:
            while True:
                await link.open.wait()
                piece = await reader.read(PIECE_BYTES)
                if not piece:
                    return
                mean, spread = self._delay_ms
                due = max(due, loop.time() + random.uniform(mean - spread, mean + spread) / 1000)
                await arriving.put((due, piece))
        except OSError:
            pass
        finally:
            leaving.cancel()


async def _send(
    link: _ProxiedLink, pieces: asyncio.Queue[tuple[float, bytes]], writer: asyncio.StreamWriter
) -> None:
    loop = asyncio.get_running_loop()
    with suppress(OSError):
        while True:
            due, piece = await pieces.get()
            if due > loop.time():
                await asyncio.sleep(due - loop.time())
            await link.open.wait()
            writer.write(piece)
            await writer.drain()


@asynccontextmanager
async def proxied(port: int) -> AsyncIterator[Proxy]:
    """Yield a proxy to *port* on loopback."""
    proxy = Proxy(("127.0.0.1", port))
    await proxy.start()
    try:
        yield proxy
    finally:
        proxy.light()
        await proxy.stop()
