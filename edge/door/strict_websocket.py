"""A filter before aiohttp's WebSocket parser: rules that it lacks, and a short cut for audio.

A frame that a client did not mask closes the connection, as RFC 6455 5.1 demands; aiohttp reads it
all the same (3.14) and has no option for it. The private parts of aiohttp that this file uses are
listed in tests/unit/edge/door/test_aiohttp_parts.py, and pyproject.toml pins its minor version.

Frames of every kind count in the connection's budget, those too that no message comes of: empty
parts, pings. They are parsed a few at a time, and the socket is read no further meanwhile.

A microphone sends fifty frames a second, each a whole message in a packet of its own. Such a frame
goes straight to whoever listens: parser, queue and the task that waits for it cost as much again
as all that is done with the sound.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any, NamedTuple

from aiohttp import WebSocketError, web
from aiohttp._websocket.helpers import websocket_mask
from aiohttp.web_request import BaseRequest

from edge.door.limits.connection_budget import OverBudgetError
from edge.door.limits.pace import WAIT_S, Pace

PROTOCOL_ERROR = 1002
POLICY_VIOLATION = 1008
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
MOST_FRAMES = 32
"""Frames that are parsed before others get the loop."""
MOST_DIRECT_BYTES = 16_384
"""No more goes straight to a listener: half a second of sound, a packet that was held up."""
LAST_WORD_S = 1.0
"""A client that costs too much has so long to read why it is closed; what it sends is dropped."""
MOST_DROPPED_BYTES = 32 * 1024 * 1024


class Followed(NamedTuple):
    """The result of following a piece of a client's stream."""

    until: int
    """So many bytes were looked at."""
    frames: int
    """Heads that ended in them."""
    unmasked: bool
    """The next head is that of a frame without a mask."""


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

    def follow(self, data: bytes, most: int) -> Followed:
        """Take the next piece, up to the head of its frame number *most*."""
        at = frames = 0
        while at < len(data):
            if self._skip:
                step = min(self._skip, len(data) - at)
                self._skip -= step
                at += step
                continue
            if frames == most and not self._head:
                break
            self._head.append(data[at])
            at += 1
            if len(self._head) < 2:
                continue
            if not self._head[1] & MASK_BIT:
                return Followed(max(0, at - len(self._head)), frames, unmasked=True)
            short = self._head[1] & 0x7F
            extra = {LENGTH_16: 2, 127: 8}.get(short, 0)
            if len(self._head) == 2 + extra:
                length = int.from_bytes(self._head[2:]) if extra else short
                self._skip = KEY_BYTES + length
                if self._head[0] & 0x0F < FIRST_CONTROL:
                    self._unfinished = not self._head[0] & FIN
                self._head.clear()
                frames += 1
        return Followed(at, frames, unmasked=False)


class StrictWebSocket(web.WebSocketResponse):
    """A server's WebSocket that insists on masks and on the budget of its connection."""

    on_binary: Callable[[bytes], None] | None = None
    """Set, it is called with binary messages, which `receive` then does not return."""
    on_excess: Callable[[str], None] | None = None
    """Set, it is called with why the connection costs too much, and closes it."""
    _put_off_at = 0.0
    _intake: _Intake | None = None

    def __init__(self, pace: Pace, **options: Any) -> None:
        """Take *options* of aiohttp's."""
        super().__init__(**options)
        self.pace = pace
        pace.on_wait = self.is_slowed

    def _post_start(self, request: BaseRequest, protocol: str | None, writer: Any) -> None:
        super()._post_start(request, protocol, writer)
        # aiohttp has no place for this: the check stands where its own parser stood
        handler: Any = request.protocol
        self._intake = _Intake(self._parser, self._reader, self, handler)
        handler._payload_parser = self._intake

    def exceed(self, why: str) -> None:
        """Read no more, and have the connection closed."""
        if self._intake is None or self._intake.drops:
            return
        self._intake.drop_all()
        if self.on_excess:
            self.on_excess(why)
        elif self._reader is not None:
            self._reader.set_exception(WebSocketError(POLICY_VIOLATION, why))

    def is_slowed(self) -> None:
        """Note that what the client sent is not read yet, an answer to a ping perhaps."""
        if not self.closed:
            self._put_off_at = 0.0
            self._on_data_received()

    def _on_data_received(self) -> None:
        """Put the next ping off, unless that was done a moment ago."""
        assert self._loop is not None  # noqa: S101  # as its base class: it has been prepared
        now = self._loop.time()
        if self._pong_response_cb is not None or now >= self._put_off_at:
            self._put_off_at = now + (self._heartbeat or 0.0) / OFTEN
            super()._on_data_received()


class _Intake:
    """aiohttp's parser, fed a few frames at a time, up to the first one without a mask."""

    def __init__(self, parser: Any, queue: Any, ws: StrictWebSocket, handler: Any) -> None:
        self._parser = parser
        self._queue = queue
        self._ws = ws
        self._handler = handler
        self._heads = FrameHeads()
        self._rest = b""
        """Not parsed yet."""
        self._waits = False
        """The socket is not read until `_go_on`."""
        self._drops: int | None = None
        """Bytes that may still be dropped; None: they are read."""

    def feed_data(self, data: bytes) -> tuple[bool, bytes]:
        if self._drops is not None:
            self._drop(len(data))
            return False, b""
        if self._waits:  # the socket had been read already
            self._rest += data
            return False, b""
        take, pace = self._ws.on_binary, self._ws.pace
        if (
            take
            and len(data) <= MOST_DIRECT_BYTES
            and not pace.budget.is_ahead
            and not self._queue._buffer
            and (frames := self._heads.binaries(data))
        ):
            for frame in frames:
                payload = bytearray(frame[HEAD_BYTES:])
                websocket_mask(frame[HEAD_BYTES - KEY_BYTES : HEAD_BYTES], payload)
                pace.budget.frames += 1
                pace.budget.bytes += len(frame)
                take(bytes(payload))
            return False, b""
        return self._parse(data), b""

    @property
    def drops(self) -> bool:
        """Nothing that comes is read any more."""
        return self._drops is not None

    def feed_eof(self) -> None:
        self._parser.feed_eof()

    def drop_all(self) -> None:
        """Parse nothing any more; read on for a moment, so that the client can read why."""
        self._rest, self._drops = b"", MOST_DROPPED_BYTES
        if self._waits:
            self._waits = False
            self._handler._resume_reading_for_buffer()
        asyncio.get_running_loop().call_later(LAST_WORD_S, self._queue.feed_eof)

    def _drop(self, size: int) -> None:
        assert self._drops is not None  # noqa: S101  # for the type
        self._drops -= size
        if self._drops <= 0:
            self._handler._pause_reading_for_buffer()

    def _parse(self, data: bytes) -> bool:
        """Parse the next few frames; the rest waits. Tell whether the stream is over."""
        pace, began_s = self._ws.pace, time.perf_counter()
        until, frames, unmasked = self._heads.follow(data, MOST_FRAMES)
        self._parser.feed_data(data[:until] if until < len(data) else data)
        if unmasked:
            self._queue.set_exception(
                WebSocketError(PROTOCOL_ERROR, "a client's frames must be masked")
            )
            return True
        self._rest = data[until:]
        pace.budget.frames += frames
        pace.budget.bytes += until
        pace.worked(began_s)
        try:
            wait_s = pace.look()
        except OverBudgetError as over:
            self._ws.exceed(str(over))
            return False
        if wait_s or self._rest:
            if not self._waits:
                self._waits = True
                self._handler._pause_reading_for_buffer()
            pace.later(wait_s, self._go_on)
        elif self._waits:
            self._waits = False
            self._handler._resume_reading_for_buffer()
        return False

    def _go_on(self) -> None:
        """Parse on, unless there is a debt, or what was parsed has not been taken."""
        if self._drops is not None or self._ws.closed or self._handler.transport is None:
            return
        self._ws.is_slowed()
        pace = self._ws.pace
        try:
            wait_s = pace.look()
        except OverBudgetError as over:
            self._ws.exceed(str(over))
            return
        if wait_s or self._handler._reading_paused:  # or the queue is full
            pace.later(wait_s or WAIT_S / 10, self._go_on)
        elif self._rest:
            if self._parse(self._rest):
                self._handler.close()
        else:
            self._waits = False
            self._handler._resume_reading_for_buffer()
