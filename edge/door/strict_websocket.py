"""What stands in front of aiohttp's WebSocket parser: a rule it lacks, and a short cut for sound.

A frame that a client did not mask closes the connection, as RFC 6455 5.1 demands; aiohttp reads it
all the same (3.14) and has no option for it. The private parts of aiohttp that this file uses are
listed in tests/unit/edge/door/test_aiohttp_parts.py, and pyproject.toml pins its minor version.

A microphone sends fifty frames a second, each a whole message in a packet of its own. Such a frame
goes straight to whoever listens: parser, queue and the task that waits for it cost as much again
as all that is done with the sound.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from aiohttp import WebSocketError, web
from aiohttp._websocket.helpers import websocket_mask
from aiohttp.web_request import BaseRequest

PROTOCOL_ERROR = 1002
FIN = 0x80
WHOLE_BINARY = FIN | 0x02
FIRST_CONTROL = 0x08
MASK_BIT = 0x80
LENGTH_16 = 126
KEY_BYTES = 4
HEAD_BYTES = 4 + KEY_BYTES
"""Of a frame with a length of 16 bits: 126 to 65 535 bytes, as 20 ms of sound and more are."""
OFTEN = 10
"""Heartbeats are put off this many times in a heartbeat, not at every frame."""


class FrameHeads:
    """Follows a client's stream from head to head, however it is cut into pieces. Pure."""

    def __init__(self) -> None:
        self._head = bytearray()
        self._skip = 0
        """Bytes of mask and payload until the next head."""
        self._unfinished = False
        """A message of several frames is on its way."""

    def binaries(self, data: bytes) -> list[bytes]:
        """Return the frames that *data* is made of if each is a whole masked binary message."""
        if self._skip or self._head or self._unfinished:
            return []
        found, at = [], 0
        while (left := len(data) - at) > HEAD_BYTES:
            size = HEAD_BYTES + (data[at + 2] << 8 | data[at + 3])
            if data[at] != WHOLE_BINARY or data[at + 1] != MASK_BIT | LENGTH_16 or size > left:
                return []
            found.append(data[at : at + size])
            at += size
        return [] if left else found

    def unmasked_at(self, data: bytes) -> int | None:
        """Take the next piece; return where in it an unmasked head was seen, None: nowhere."""
        at = 0
        while at < len(data):
            if self._skip:
                step = min(self._skip, len(data) - at)
                self._skip -= step
                at += step
                continue
            self._head.append(data[at])
            at += 1
            if len(self._head) < 2:
                continue
            if not self._head[1] & MASK_BIT:
                return max(0, at - len(self._head))
            short = self._head[1] & 0x7F
            extra = {LENGTH_16: 2, 127: 8}.get(short, 0)
            if len(self._head) == 2 + extra:
                length = int.from_bytes(self._head[2:]) if extra else short
                self._skip = KEY_BYTES + length
                if self._head[0] & 0x0F < FIRST_CONTROL:
                    self._unfinished = not self._head[0] & FIN
                self._head.clear()
        return None


class StrictWebSocket(web.WebSocketResponse):
    """A server's WebSocket that insists on masks."""

    on_binary: Callable[[bytes], None] | None = None
    """Set, it is called with binary messages, which `receive` then does not return."""
    _put_off_at = 0.0

    def _post_start(self, request: BaseRequest, protocol: str | None, writer: Any) -> None:
        super()._post_start(request, protocol, writer)
        # aiohttp has no place for this: the check stands where its own parser stood
        handler: Any = request.protocol
        handler._payload_parser = _Strict(self._parser, self._reader, self)

    def _on_data_received(self) -> None:
        """Put the next ping off, unless that was done a moment ago."""
        assert self._loop is not None  # noqa: S101  # as its base class: it has been prepared
        now = self._loop.time()
        if self._pong_response_cb is not None or now >= self._put_off_at:
            self._put_off_at = now + (self._heartbeat or 0.0) / OFTEN
            super()._on_data_received()


class _Strict:
    """aiohttp's parser, fed up to the first frame without a mask."""

    def __init__(self, parser: Any, queue: Any, ws: StrictWebSocket) -> None:
        self._parser = parser
        self._queue = queue
        self._ws = ws
        self._heads = FrameHeads()

    def feed_data(self, data: bytes) -> tuple[bool, bytes]:
        take = self._ws.on_binary
        if take and not self._queue._buffer and (frames := self._heads.binaries(data)):
            for frame in frames:
                payload = bytearray(frame[HEAD_BYTES:])
                websocket_mask(frame[HEAD_BYTES - KEY_BYTES : HEAD_BYTES], payload)
                take(bytes(payload))
            return False, b""
        bad = self._heads.unmasked_at(data)
        if bad is None:
            fed: tuple[bool, bytes] = self._parser.feed_data(data)
            return fed
        self._parser.feed_data(data[:bad])
        self._queue.set_exception(
            WebSocketError(PROTOCOL_ERROR, "a client's frames must be masked")
        )
        return True, b""

    def feed_eof(self) -> None:
        self._parser.feed_eof()
