"""The lower bound of an edge's cost: socket, unmasking, voice activity detection, publishing.

A server without any of Aura's code: it opens a WebSocket, unmasks its frames and runs voice
activity detection on them, and publishes 100 ms of voice at a time, for `benchmarks.density`.
"""

import asyncio
import base64
import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import nats
import psutil
import uvloop
import webrtcvad
from aiohttp._websocket.helpers import websocket_mask
from nats.aio.client import Client

MAGIC = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
FRAME_BYTES = 648
SUBJECT = "aura.au.floor.0"


class Ear(asyncio.Protocol):
    """One caller whose microphone sends 20 ms a message."""

    def __init__(self, bus: Client) -> None:
        self._bus = bus
        self._detector = webrtcvad.Vad(2)
        self._data = bytearray()
        self._greeted = False
        self._voice = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: Any = transport  # uvloop's transports have no common type

    def data_received(self, data: bytes) -> None:
        self._data += data
        if not self._greeted:
            self._greet()
        while self._greeted and len(self._data) >= FRAME_BYTES:
            sound = self._data[8:FRAME_BYTES]
            websocket_mask(bytes(self._data[4:8]), sound)
            del self._data[:FRAME_BYTES]
            self._hear(bytes(sound))

    def _greet(self) -> None:
        head, found, rest = bytes(self._data).partition(b"\r\n\r\n")
        if not found:
            return
        lines = dict(line.split(b": ", 1) for line in head.split(b"\r\n")[1:])
        key = {name.lower(): value for name, value in lines.items()}[b"sec-websocket-key"]
        accept = base64.b64encode(hashlib.sha1(key + MAGIC).digest())  # noqa: S324  # RFC 6455
        self._transport.write(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n"
        )
        self._data, self._greeted = bytearray(rest), True

    def _hear(self, sound: bytes) -> None:
        if not self._detector.is_speech(sound, 16_000):
            return
        self._voice += sound
        if len(self._voice) >= 3200:
            asyncio.ensure_future(self._bus.publish(SUBJECT, bytes(self._voice)))  # noqa: RUF006  # a send into a buffer
            self._voice.clear()


async def serve() -> None:
    bus = await nats.connect(os.environ["FLOOR_BUS"])
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Ear(bus), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.Event().wait()


@contextmanager
def running(bus_url: str) -> Iterator[tuple[str, psutil.Process]]:
    """Yield the server's URL and process."""
    command = [sys.executable, "-m", "benchmarks.lower_bound"]
    env = {**os.environ, "FLOOR_BUS": bus_url}
    process = subprocess.Popen(command, env=env, stdout=subprocess.PIPE)
    assert process.stdout
    try:
        port = int(process.stdout.readline())
        yield f"http://127.0.0.1:{port}", psutil.Process(process.pid)
    finally:
        process.kill()
        process.wait()


if __name__ == "__main__":
    uvloop.run(serve())
