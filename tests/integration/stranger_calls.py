"""Callers and sockets of an address of their own: Linux gives a machine all of 127.0.0.0/8."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import jwt
import websockets

from tests.aura_process import AuraProcess
from tests.caller import DEMO, Caller, heard

SECRET = "a secret that is long enough for HS256"
JOINS = 12
QUIET = f"{DEMO}&greeting=0"


def token(user: str) -> str:
    return jwt.encode({"sub": user, "exp": int(time.time()) + 600}, SECRET, "HS256")


@asynccontextmanager
async def calling(
    aura: AuraProcess, path: str, address: str, **headers: str
) -> AsyncIterator[Caller]:
    """Yield a caller from *address*, behind a proxy where it is ours."""
    url = aura.url.replace("http", "ws", 1) + path
    async with (
        websockets.connect(
            url, local_addr=(address, 0), additional_headers=headers, max_size=None
        ) as ws,
        heard(ws) as caller,
    ):
        yield caller


async def refused(aura: AuraProcess, path: str, address: str, **headers: str) -> int:
    """Return the status of a handshake; 101: it was let in."""
    try:
        async with calling(aura, path, address, **headers):
            return 101
    except websockets.InvalidStatus as answer:
        status = answer.response.status_code
        later = int(answer.response.headers.get("Retry-After", 0)) >= 1
    assert later == (status == 429)
    return status


class Socket:
    """A TCP connection that may say little."""

    def __init__(self, aura: AuraProcess, address: str, said: bytes = b"") -> None:
        self.began = time.monotonic()
        self._socket = socket.create_connection(
            ("127.0.0.1", aura.port), timeout=10, source_address=(address, 0)
        )
        if said:
            self.say(said)

    def say(self, said: bytes) -> None:
        self._socket.sendall(said)

    async def ended_after_s(self) -> float:
        """Return how long it took the edge to end it; what was answered is dropped."""
        return await asyncio.to_thread(self._until_the_end)

    def _until_the_end(self) -> float:
        try:
            while self._socket.recv(4096):
                pass
        except ConnectionError:
            pass
        return time.monotonic() - self.began

    def is_open(self) -> bool:
        self._socket.setblocking(False)
        try:
            return self._socket.recv(1, socket.MSG_PEEK) != b""
        except BlockingIOError:
            return True
        except ConnectionError:
            return False

    def close(self) -> None:
        self._socket.close()


HEAD = b"GET / HTTP/1.1\r\nHost: x\r\n"
