"""A filter before aiohttp's WebSocket parser: rules that it lacks, and a short cut for audio.

A frame that a client did not mask closes the connection, as RFC 6455 5.1 demands; aiohttp reads it
all the same (3.14) and has no option for it. The private parts of aiohttp that this file uses are
listed in tests/unit/edge/door/test_aiohttp_parts.py, and pyproject.toml pins its minor version.

Frames of every kind count in the connection's budget, those too that no message comes of: empty
parts, pings. They are parsed a few at a time, and the socket is read no further meanwhile.

A microphone sends fifty messages a second, each a whole frame. Such a frame goes straight to
whoever listens: parser, queue and the task that waits for it cost as much again as all that is
done with the sound.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

from aiohttp import WebSocketError, WSMsgType, web
from aiohttp.web_request import BaseRequest

from edge.core.client_commands import Command
from edge.door.channel import Ear, Phone
from edge.door.frame_heads import MOST_DIRECT_BYTES, FrameHeads
from edge.door.limits.allowance import OverBudgetError
from edge.door.limits.message_room import LONG_BYTES, MOST_HELD_S
from edge.door.limits.pace import WAIT_S, Pace
from edge.door.whole_frame import message_in

PROTOCOL_ERROR = 1002
POLICY_VIOLATION = 1008
OFTEN = 10
"""Heartbeats are put off this many times in a heartbeat, not at every frame."""
MOST_FRAMES, MOST_PIECE_BYTES = 32, 32 * 1024
"""What is parsed before others get the loop."""
MOST_UNTAKEN_BYTES = 16 * 1024
"""Of messages that were parsed; while there are more, the socket is not read."""
LAST_WORD_S = 1.0
"""A client that costs too much has so long to read why it is closed; what it sends is dropped."""
MOST_DROPPED_BYTES = 32 * 1024 * 1024
TAKEN_S = 0.005
"""Whether what was parsed has been taken is looked at so often."""
ROOM_S = 0.1
"""Whether there is room for a long message is looked at so often."""
DIRECT_S = 0.003
"""The most work on the frames of one packet that goes straight to a listener."""
STILL_THERE = b"\x8a\x00"
"""A pong that answers no ping (RFC 6455, 5.5.3); where the client has gone, its system refuses."""
STILL_THERE_S = 1.0


class StrictWebSocket(web.WebSocketResponse):
    """A server's WebSocket that insists on masks and on the budget of its connection."""

    on_message: Callable[[str | bytes], bool] | None = None
    """Set, it is called with short messages; those that it takes `frames` does not yield."""
    on_excess: Callable[[str], None] | None = None
    """Set, it is called with why the connection costs too much, and closes it."""
    ear: Ear | None = None
    phone: Phone | None = None
    on_commands: Callable[[list[Command]], None] | None = None
    """Never called: all that a WebSocket's client says is in its messages."""
    _put_off_at = 0.0
    _intake: _Intake | None = None

    def __init__(self, pace: Pace, **options: Any) -> None:
        """Take *options* of aiohttp's."""
        super().__init__(**options)
        self.most_bytes = options.get("max_msg_size", 0)
        self.pace = pace
        pace.on_wait = self.is_slowed

    def _post_start(self, request: BaseRequest, protocol: str | None, writer: Any) -> None:
        super()._post_start(request, protocol, writer)
        # aiohttp has no place for this: the check stands where its own parser stood
        handler: Any = request.protocol
        self._intake = _Intake(self._parser, self._reader, self, handler)
        handler._payload_parser = self._intake

    async def frames(self) -> AsyncIterator[str | bytes]:
        """Yield the client's messages until it leaves."""
        async for message in self:
            if message.type in {WSMsgType.TEXT, WSMsgType.BINARY}:
                yield message.data
            del message  # a long one is not kept until the next one comes
            if self._intake:
                self._intake.taken()

    async def close(self, **how: Any) -> bool:
        """Close, as aiohttp does, and keep nothing of what was not read."""
        try:
            return await super().close(**how)
        finally:
            if self._intake:
                self._intake.forget()

    def exceed(self, message: str) -> None:
        """Read no more, and have the connection closed; *message* says why."""
        if self._intake is None or self._intake.drops:
            return
        self._intake.drop_all()
        if self.on_excess:
            self.on_excess(message)
        elif self._reader is not None:
            self._reader.set_exception(WebSocketError(POLICY_VIOLATION, message))

    def is_slowed(self) -> None:
        """Note that what the client sent is not read yet, an answer to a ping perhaps."""
        if not self.closed:
            self._put_off_at = 0.0
            self._on_data_received()
            if self._intake:
                self._intake.try_the_line()

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
        self._begun = b""
        """The beginning of a message for whoever listens."""
        self._rest, self._at = b"", 0
        """What came last, and how much of it was parsed."""
        self._long = 0
        """The number of the message that its place in the room is for."""
        self._tried_s = time.monotonic()
        self._looks: asyncio.TimerHandle | None = None
        """The next look at how long it has held the place."""
        ws.pace.has_more = lambda: bool(self._rest or queue._buffer)
        self._waits = False
        """The socket is not read until `_go_on`."""
        self._drops: int | None = None
        """Bytes that may still be dropped; None: they are read."""

    def feed_data(self, data: bytes) -> tuple[bool, bytes]:
        if self._drops is not None:
            self._drop(len(data))
            return False, b""
        if self._waits:  # the socket had been read already
            self._rest, self._at = self._rest[self._at :] + data, 0
            return False, b""
        data, self._begun = self._begun + data, b""
        at = self._listened_to(data)
        if at == len(data):
            return False, b""
        self._rest, self._at = data, at
        return self._parse(), b""

    def _listened_to(self, data: bytes) -> int:
        """Hand short messages to whoever listens; return how much of *data* that was."""
        listen, budget = self._ws.on_message, self._ws.pace.budget
        if not listen or len(data) > MOST_DIRECT_BYTES or budget.is_ahead or self._queue._buffer:
            return 0
        if not (found := self._heads.messages(data)):
            return 0
        at, most_s = 0, budget.work_s + DIRECT_S
        for frame in found[0]:
            if self._drops is not None:
                return len(data)
            message = None if budget.work_s > most_s else message_in(frame)
            if message is None or not listen(message):
                return at
            budget.frames += 1
            budget.bytes += len(frame)
            at += len(frame)
        self._begun = found[1]
        return len(data)

    @property
    def drops(self) -> bool:
        """Nothing that comes is read any more."""
        return self._drops is not None

    def feed_eof(self) -> None:
        self._parser.feed_eof()

    def try_the_line(self) -> None:
        """Send something now and then: a socket that is not read is not seen to close."""
        now_s = time.monotonic()
        if now_s >= self._tried_s + STILL_THERE_S and self._handler.transport is not None:
            self._tried_s = now_s
            self._handler.transport.write(STILL_THERE)

    def drop_all(self) -> None:
        """Parse nothing any more; read on for a moment, so that the client can read why."""
        self._begun = self._rest = b""
        self._drops = MOST_DROPPED_BYTES
        self._ws.pace.budget.place.leave()
        if self._waits:
            self._waits = False
            self._handler._resume_reading_for_buffer()
        asyncio.get_running_loop().call_later(LAST_WORD_S, self._queue.feed_eof)

    def forget(self) -> None:
        """Keep nothing of what came: this object lives until garbage is collected."""
        self._begun = self._rest = b""
        self._queue._buffer.clear()

    def _drop(self, size: int) -> None:
        assert self._drops is not None  # noqa: S101  # for the type
        self._drops -= size
        if self._drops <= 0:
            self._handler._pause_reading_for_buffer()

    def _parse(self) -> bool:
        """Parse the next few frames; the rest waits. Tell whether the stream is over."""
        pace, began_s, data = self._ws.pace, time.perf_counter(), self._rest
        until, frames, unmasked = self._heads.follow(data, MOST_FRAMES, self._at, MOST_PIECE_BYTES)
        self._parser.feed_data(data[self._at : until])
        if unmasked:
            self._queue.set_exception(
                WebSocketError(PROTOCOL_ERROR, "a client's frames must be masked")
            )
            return True
        pace.budget.frames += frames
        pace.budget.bytes += until - self._at
        # what was parsed is let go of, where it is more than the rest
        self._rest, self._at = (data, until) if until < len(data) / 2 else (data[until:], 0)
        pace.worked(began_s)
        try:
            wait_s = pace.look()
        except OverBudgetError as over:
            self._ws.exceed(str(over))
            return False
        has_room = self._has_room() and self._untaken <= MOST_UNTAKEN_BYTES
        if wait_s or self._rest or not has_room:
            if not self._waits:
                self._waits = True
                self._handler._pause_reading_for_buffer()
            pace.later(wait_s or (0.0 if has_room else TAKEN_S), self._go_on)
        elif self._waits:
            self._waits = False
            self._handler._resume_reading_for_buffer()
        return False

    @property
    def _untaken(self) -> int:
        """Bytes of the messages that wait to be worked on."""
        return sum(size for _, size in self._queue._buffer)

    def _go_on(self) -> None:
        """Parse on, unless there is a debt, no room, or what was parsed has not been taken."""
        if self._drops is not None or self._ws.closed or self._handler.transport is None:
            return
        self._ws.is_slowed()
        pace = self._ws.pace
        try:
            wait_s = pace.look()
        except OverBudgetError as over:
            self._ws.exceed(str(over))
            return
        if wait_s:
            pace.later(wait_s, self._go_on)
        elif self._handler._reading_paused or self._queue._buffer:
            pace.later(TAKEN_S, self._go_on)
        elif not self._has_room():
            pace.later(TAKEN_S if pace.budget.place.held else ROOM_S, self._go_on)
        elif self._rest:
            if self._parse():
                self._handler.close()
        else:
            self._waits = False
            self._handler._resume_reading_for_buffer()

    # -------------------------------------------------------- room for a long message

    def _has_room(self) -> bool:
        """Tell whether the message that is on its way may be read on."""
        size, place = self._heads.unread, self._ws.pace.budget.place
        if size <= LONG_BYTES or size >= self._ws.most_bytes:  # it is refused as too long
            return True
        if place.held and self._long != self._heads.number:
            return False  # the one before it is still worked on
        self._long = self._heads.number
        if not place.take(size, time.monotonic()):
            return False
        if self._looks is None:
            self._look_in(MOST_HELD_S)
        return True

    def taken(self) -> None:
        """Give back the room of a message that was worked on."""
        on_its_way = self._heads.unread and self._long == self._heads.number
        if not on_its_way and not self._queue._buffer:
            self._ws.pace.budget.place.leave()

    def _look_in(self, seconds: float) -> None:
        self._looks = asyncio.get_running_loop().call_later(seconds, self._look)

    def _look(self) -> None:
        self._looks = None
        place = self._ws.pace.budget.place
        if place.is_overdue(time.monotonic()):
            self._ws.exceed("a long message takes too long, and others wait for the room")
        elif place.held:
            self._look_in(WAIT_S)
