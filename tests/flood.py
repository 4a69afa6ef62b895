"""A hostile client in a thread of its own: it sends as fast as it is read."""

from __future__ import annotations

import socket
import struct
import threading
import time
from collections.abc import Mapping
from urllib.parse import urlsplit

from tests.raw_websocket import upgrade


class Flood:
    """One socket that sends *first*, then *again* over and over, until the block is left."""

    def __init__(
        self,
        url: str,
        path: str,
        first: bytes,
        again: bytes = b"",
        *,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.sent = 0
        self.close_code: int | None = None
        """Of the edge's close frame, where it was seen."""
        self.close_reason = ""
        self._first, self._again = first, again
        self._over = threading.Event()
        self._socket = _upgraded(url, path, headers or {})
        self._threads = [threading.Thread(target=one) for one in (self._send, self._receive)]

    def __enter__(self) -> Flood:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._socket.close()
        for thread in self._threads:
            thread.join()

    def closed_within(self, seconds: float) -> bool:
        """Wait until the edge has closed; tell whether it did."""
        until_s = time.monotonic() + seconds
        while self.close_code is None and time.monotonic() < until_s:
            time.sleep(0.02)
        return self.close_code is not None

    def _send(self) -> None:
        data = self._first
        while not self._over.is_set():
            view = memoryview(data)
            while view and not self._over.is_set():
                try:
                    taken = self._socket.send(view[:65_536])
                except TimeoutError:
                    continue
                except OSError:
                    return
                self.sent += taken
                view = view[taken:]
            data = self._again
            if not data:
                return

    def _receive(self) -> None:
        came = b""
        while not self._over.is_set():
            try:
                data = self._socket.recv(65_536)
            except TimeoutError:
                continue
            except OSError:
                return
            if not data:
                return
            came += data
            while (size := _frame_bytes(came)) is not None and len(came) >= size:
                if came[0] & 0x0F == 0x8:
                    self.close_code = struct.unpack(">H", came[2:4])[0]
                    self.close_reason = came[4:size].decode()
                came = came[size:]


def _frame_bytes(data: bytes) -> int | None:
    """Return how long the frame of a server is that *data* begins with; None: more must come."""
    if len(data) < 2:
        return None
    length = data[1] & 0x7F
    extra = {126: 2, 127: 8}.get(length, 0)
    if len(data) < 2 + extra:
        return None
    return 2 + extra + (int.from_bytes(data[2 : 2 + extra]) if extra else length)


def _upgraded(url: str, path: str, headers: Mapping[str, str]) -> socket.socket:
    where = urlsplit(url)
    assert where.hostname
    sock = socket.create_connection((where.hostname, where.port or 80), timeout=10)
    sock.sendall(upgrade(url, path, headers))
    head = b""
    while b"\r\n\r\n" not in head:
        data = sock.recv(1)
        if not data:
            break
        head += data
    if b" 101 " not in head.split(b"\r\n")[0]:
        sock.close()
        raise ConnectionRefusedError(head.split(b"\r\n")[0].decode())
    sock.settimeout(0.2)
    return sock
