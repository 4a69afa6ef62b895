"""Frames that a client did not mask close the connection, as RFC 6455 5.1 demands.

aiohttp reads them all the same (3.14) and has no option for it; this stands in front of its parser.
"""

from __future__ import annotations

from typing import Any

from aiohttp import WebSocketError, web
from aiohttp.web_request import BaseRequest

PROTOCOL_ERROR = 1002
MASK_BIT = 0x80
KEY_BYTES = 4


class FrameHeads:
    """Follows a client's stream from head to head, however it is cut into pieces. Pure."""

    def __init__(self) -> None:
        self._head = bytearray()
        self._skip = 0
        """Bytes of mask and payload until the next head."""

    def _is_one_frame(self, data: bytes) -> bool:
        """Tell whether *data* is one masked frame with a length of 16 bits: 20 ms of sound are."""
        return (
            len(data) > 4
            and data[1] == MASK_BIT | 126
            and not self._skip
            and not self._head
            and len(data) == 4 + KEY_BYTES + (data[2] << 8 | data[3])
        )

    def unmasked_at(self, data: bytes) -> int | None:
        """Take the next piece; return where in it an unmasked head was seen, None: nowhere."""
        if self._is_one_frame(data):
            return None
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
            extra = {126: 2, 127: 8}.get(short, 0)
            if len(self._head) == 2 + extra:
                length = int.from_bytes(self._head[2:]) if extra else short
                self._skip = KEY_BYTES + length
                self._head.clear()
        return None


class MaskedWebSocket(web.WebSocketResponse):
    """A server's WebSocket that insists on masks."""

    def _post_start(self, request: BaseRequest, protocol: str | None, writer: Any) -> None:
        super()._post_start(request, protocol, writer)
        # aiohttp has no place for this: the check stands where its own parser stood
        handler: Any = request.protocol
        handler._payload_parser = _Strict(self._parser, self._reader)


class _Strict:
    """aiohttp's parser, fed up to the first frame without a mask."""

    def __init__(self, parser: Any, queue: Any) -> None:
        self._parser = parser
        self._queue = queue
        self._heads = FrameHeads()

    def feed_data(self, data: bytes) -> tuple[bool, bytes]:
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
