"""Accepts TCP connections: counts them by address before any other work, ends slow ones.

aiohttp's sites and asyncio's servers accept all connections, and report them after the TLS
handshake. So connections are accepted here and then given to aiohttp's server, by public functions.
"""

import asyncio
import errno
import socket
import ssl
import time
from collections.abc import Callable, Hashable
from contextlib import closing

import structlog

from edge.call import counters
from edge.door.callers.client_address import ClientAddresses, counted_as
from edge.door.http.plain_errors import PlainHandler
from edge.door.limits.address_limits import AddressLimits
from edge.door.limits.open_files import OpenFiles
from edge.door.limits.socket_table import ANYBODY, SocketTable
from runtime.tls import LOOPBACK

log = structlog.get_logger(__name__)

BACKLOG = 1024
"""The backlog of the listening sockets."""
RECEIVE_BUFFER_BYTES = 32 * 1024
"""The receive buffer, which Linux doubles, and the most bytes of one read; a call needs a tenth."""
PAUSE_S = 0.2
"""The pause, seconds, after an accept that failed for want of files or memory."""
TLS_GOODBYE_S = 2.0
UNHEARD_MS = 30_000
"""The time after which unacknowledged data ends a connection, ms."""


def bound(host: str, port: int) -> list[socket.socket]:
    """Return sockets that listen on every address of *host*; empty: all of this machine.

    Raises:
        OSError: there is no address, or the port is taken.
    """
    found = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    made: list[socket.socket] = []
    failed: OSError | None = None
    for family, _, _, _, address in dict.fromkeys(found):
        try:
            sock = socket.create_server(address, family=family, backlog=BACKLOG)
        except OSError as error:
            failed = error
            if error.errno == errno.EADDRINUSE:
                break
            continue  # this machine lacks the address family
        sock.setblocking(False)
        # inherited by accepted sockets
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_BYTES)
        made.append(sock)
    if failed and (not made or failed.errno == errno.EADDRINUSE):
        for sock in made:
            sock.close()
        raise failed
    return made


class Acceptor:
    """Accepts connections and gives them to a server, each in a task of its own."""

    def __init__(  # noqa: PLR0913  # the last two are keyword arguments
        self,
        make: Callable[[], PlainHandler],
        table: SocketTable,
        limits: AddressLimits,
        addresses: ClientAddresses,
        files: OpenFiles,
        *,
        tls: ssl.SSLContext | None = None,
        handshake_s: float,
    ) -> None:
        """Serve each connection by *make*; its TLS handshake may take *handshake_s*."""
        self._make = make
        self._table = table
        self._limits = limits
        self._addresses = addresses
        self._files = files
        self._tls = tls
        self._handshake_s = handshake_s
        self._tasks: dict[Hashable, asyncio.Task[None]] = {}

    async def accept(self, listening: socket.socket, connections: asyncio.TaskGroup) -> None:
        """Accept until cancelled, then close *listening*; the *connections* go on."""
        loop = asyncio.get_running_loop()
        with closing(listening):
            while True:
                try:
                    sock, peer = await loop.sock_accept(listening)
                except OSError as error:
                    await self._not_accepted(error)
                    continue
                self._admit(sock, peer[0], connections)
                await asyncio.sleep(0)  # running calls go first

    def drop_all(self) -> None:
        """End the remaining connections."""
        for task in list(self._tasks.values()):
            task.cancel()

    async def _not_accepted(self, error: OSError) -> None:
        if error.errno == errno.ECONNABORTED:  # the client has left
            return
        self._files.lack(errno.errorcode.get(error.errno or 0, "unknown"))
        self._end(self._table.oldest_unused())
        await asyncio.sleep(PAUSE_S)

    def _admit(self, sock: socket.socket, peer: str, connections: asyncio.TaskGroup) -> None:
        address = ANYBODY if self._addresses.is_proxy(peer) else counted_as(peer)
        if address not in {ANYBODY, *LOOPBACK} and self._limits.new_sockets.refuse_s(
            address, time.monotonic()
        ):
            counters.refused("new sockets")
            sock.close()
            return
        handler = self._make()
        goes = self._table.take(handler, address)
        if goes is handler:
            counters.refused("sockets")
            if self._table.is_full:
                self._files.lack("all sockets are in calls")
            sock.close()
            return
        self._end(goes)
        task = connections.create_task(self._serve(sock, handler))
        self._tasks[handler] = task
        task.add_done_callback(lambda _: self._forget(sock, handler))

    def _forget(self, sock: socket.socket, handler: PlainHandler) -> None:
        sock.close()
        self._table.forget(handler)
        del self._tasks[handler]

    def _end(self, handler: Hashable | None) -> None:
        """End a connection without a call, to make room."""
        if task := self._tasks.get(handler):
            counters.refused("idle sockets")
            task.cancel()

    async def _serve(self, sock: socket.socket, handler: PlainHandler) -> None:
        """Serve a connection until it is lost, or this task is cancelled."""
        try:
            sock.setblocking(False)
            if option := getattr(socket, "TCP_USER_TIMEOUT", None):
                sock.setsockopt(socket.IPPROTO_TCP, option, UNHEARD_MS)
            transport, _ = await asyncio.get_running_loop().connect_accepted_socket(
                lambda: handler,
                sock,
                ssl=self._tls,
                ssl_handshake_timeout=self._handshake_s if self._tls else None,
                ssl_shutdown_timeout=TLS_GOODBYE_S if self._tls else None,
            )
            try:
                await handler.lost.wait()
            finally:
                transport.abort()
        except OSError:
            counters.refused("tls handshakes")  # failed or too slow
        except Exception:
            log.exception("connection_not_served")
