"""Real sockets at an acceptor: what the system has no room for, and who listens where."""

from __future__ import annotations

import asyncio
import os
import resource
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from structlog.testing import capture_logs

from edge.door.callers.client_address import ClientAddresses
from edge.door.http.acceptor import Acceptor, bound
from edge.door.http.plain_errors import PlainRunner
from edge.door.limits.address_limits import AddressLimits
from edge.door.limits.open_files import OpenFiles, raise_limit
from edge.door.limits.socket_table import SocketTable
from runtime.settings import load

REQUEST = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"


class Door:
    def __init__(self, port: int, table: SocketTable, files: OpenFiles) -> None:
        self.port = port
        self.table = table
        self.files = files

    async def ask(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
        writer.write(REQUEST)
        answer = await asyncio.wait_for(reader.read(), 10)
        writer.close()
        return answer

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection("127.0.0.1", self.port)


@asynccontextmanager
async def listening(in_all: int = 100, **settings: Any) -> AsyncIterator[Door]:
    table, files = SocketTable(50, in_all), OpenFiles()
    known = load(_env_file=None, **settings)
    app = web.Application()

    async def hello(_: web.Request) -> web.Response:
        return web.Response(text="hello")

    app.router.add_get("/", hello)
    runner = PlainRunner(app, access_log=None, shutdown_timeout=1)
    await runner.setup()
    acceptor = Acceptor(
        runner.handler,
        table,
        AddressLimits.of(known),
        ClientAddresses.of(known),
        files,
        handshake_s=1,
    )
    (one,) = bound("127.0.0.1", 0)
    async with asyncio.TaskGroup() as connections:
        accepting = connections.create_task(acceptor.accept(one, connections))
        yield Door(one.getsockname()[1], table, files)
        accepting.cancel()
        await runner.cleanup()
        acceptor.drop_all()
    assert len(table) == 0


@contextmanager
def no_file_left() -> Iterator[None]:
    """Leave this process without a free file descriptor."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    highest = max(int(one.name) for one in Path("/proc/self/fd").iterdir())
    held: list[int] = []
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (highest + 1, hard))
        while True:
            try:
                held.append(os.open(os.devnull, os.O_RDONLY))
            except OSError:
                break
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        for one in held:
            os.close(one)


async def test_no_free_file_is_told_once_and_the_client_served_when_there_is_one() -> None:
    async with listening() as door:
        clients = [socket.socket() for _ in range(3)]
        with capture_logs() as logs, no_file_left():
            for client in clients:
                client.connect(("127.0.0.1", door.port))  # the system holds it until it is accepted
            assert not door.files.short
            async with asyncio.timeout(10):
                while not door.files.short:
                    await asyncio.sleep(0.01)
            await asyncio.sleep(0.7)  # it is tried again, and not told
        told = [line for line in logs if line["event"] == "no_room_for_connections"]
        assert [line["why"] for line in told] == ["EMFILE"]
        for client in clients:
            client.setblocking(False)
            streams = await asyncio.open_connection(sock=client)
            assert (await door.ask(*streams)).endswith(b"hello")


async def test_an_idle_connection_makes_room_where_no_file_is_free() -> None:
    async with listening() as door:
        reader, writer = await door.connect()
        client = socket.socket()
        async with asyncio.timeout(10):
            while not len(door.table):
                await asyncio.sleep(0.01)
        with no_file_left():
            client.connect(("127.0.0.1", door.port))
            assert await asyncio.wait_for(reader.read(), 5) == b""
        client.setblocking(False)
        assert (await door.ask(*await asyncio.open_connection(sock=client))).endswith(b"hello")
        writer.close()


async def test_where_all_places_are_taken_the_oldest_goes() -> None:
    async with listening(in_all=2) as door:
        old, *others = [await door.connect() for _ in range(3)]
        assert await asyncio.wait_for(old[0].read(), 5) == b""
        for one in others:
            assert (await door.ask(*one)).endswith(b"hello")
        old[1].close()


async def test_an_address_connects_only_so_often_and_this_machine_as_it_likes() -> None:
    async with listening(api_requests_per_minute=2, joins_per_minute_per_ip=2) as door:
        for source, served in (("127.0.0.1", 20), ("127.0.7.1", 8)):
            answers = []
            for _ in range(20):
                streams = await asyncio.open_connection(
                    "127.0.0.1", door.port, local_addr=(source, 0)
                )
                try:
                    answers.append(await door.ask(*streams))
                except ConnectionError:
                    answers.append(b"")
            assert sum(one.endswith(b"hello") for one in answers) == served


def test_a_port_that_is_taken_is_an_error_and_leaves_nothing_open() -> None:
    (one,) = bound("127.0.0.1", 0)
    with one, pytest.raises(OSError, match="in use"):
        bound("127.0.0.1", one.getsockname()[1])
    with pytest.raises(OSError, match="assign"):
        bound("192.0.2.1", 0)  # not of this machine


def test_no_host_is_every_address_of_this_machine() -> None:
    found = bound("", 0)
    families = {one.family for one in found}
    for one in found:
        one.close()
    assert socket.AF_INET in families
    assert families <= {socket.AF_INET, socket.AF_INET6}


def test_the_limit_of_open_files_is_raised_to_the_hard_one() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    lowered = min(256, hard)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (lowered, hard))
        raised = raise_limit()
        assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] >= raised
        assert raised in {hard, 1_000_000}
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
