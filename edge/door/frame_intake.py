"""A filter before aiohttp's WebSocket parser: frames are masked, cost, and may go a short cut.

Frames of every kind count in the connection's budget, those too that no message comes of: empty
parts, pings. They are parsed a few at a time, and the socket is read no further meanwhile.

A microphone sends fifty messages a second, each a whole frame. Such a frame goes straight to
whoever listens: parser, queue and the task that waits for it cost as much again as all that is
done with the sound.

    READS <--> WAITS         READS, WAITS --drop all--> DROPS
"""

from __future__ import annotations

import asyncio
import time
from enum import Enum, auto
from typing import TYPE_CHECKING, Any

from aiohttp import WebSocketError
from aiohttp._websocket.helpers import websocket_mask

from edge.door.frame_heads import FIN, KEY_BYTES, LENGTH_16, MASK_BIT, FrameHeads
from edge.door.limits.allowance import OverBudgetError
from edge.door.limits.message_room import LONG_BYTES, MOST_HELD_S
from edge.door.limits.pace import WAIT_S

if TYPE_CHECKING:
    from edge.door.strict_websocket import StrictWebSocket

PROTOCOL_ERROR = 1002
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
WHOLE_TEXT, WHOLE_BINARY = FIN | 0x01, FIN | 0x02
HEAD_BYTES = 4 + KEY_BYTES
"""Of a frame with a length of 16 bits: 126 to 65 535 bytes, as 20 ms of sound and more are."""
MOST_DIRECT_BYTES = 16_384
"""No more goes straight to a listener: half a second of sound, a packet that was held up."""
DIRECT_S = 0.003
"""The most work on the frames of one packet that goes straight to a listener."""
STILL_THERE = b"\x8a\x00"
"""A pong that answers no ping (RFC 6455, 5.5.3); where the client has gone, its system refuses."""
STILL_THERE_S = 1.0


class IntakeState(Enum):
    """What becomes of what the client sends."""

    READS = auto()
    WAITS = auto()
    """It stays in the socket until `_go_on`."""
    DROPS = auto()
    """It is read and dropped: the connection is about to close."""


READS, WAITS, DROPS = IntakeState


class FrameIntake:
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
        self._reading = READS
        self._dropped = 0
        """Bytes."""

    def feed_data(self, data: bytes) -> tuple[bool, bytes]:
        if self.drops:
            self._drop(len(data))
            return False, b""
        if self._reading is WAITS:  # the socket had been read already
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
        if not self._heads.between_messages or not (found := whole_messages(data)):
            return 0
        at, most_s = 0, budget.work_s + DIRECT_S
        for frame in found[0]:
            if self.drops:
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
        return self._reading is DROPS

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
        self._ws.pace.budget.place.leave()
        waited, self._reading = self._reading is WAITS, DROPS
        if waited:
            self._handler._resume_reading_for_buffer()
        asyncio.get_running_loop().call_later(LAST_WORD_S, self._queue.feed_eof)

    def forget(self) -> None:
        """Keep nothing of what came: this object lives until garbage is collected."""
        self._begun = self._rest = b""
        self._queue._buffer.clear()

    def _drop(self, size: int) -> None:
        self._dropped += size
        if self._dropped >= MOST_DROPPED_BYTES:
            self._handler._pause_reading_for_buffer()

    def _wait(self) -> None:
        if self._reading is READS:
            self._reading = WAITS
            self._handler._pause_reading_for_buffer()

    def _read_on(self) -> None:
        if self._reading is WAITS:
            self._reading = READS
            self._handler._resume_reading_for_buffer()

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
            self._wait()
            pace.later(wait_s or (0.0 if has_room else TAKEN_S), self._go_on)
        else:
            self._read_on()
        return False

    @property
    def _untaken(self) -> int:
        """Bytes of the messages that wait to be worked on."""
        return sum(size for _, size in self._queue._buffer)

    def _go_on(self) -> None:
        """Parse on, unless there is a debt, no room, or what was parsed has not been taken."""
        if self.drops or self._ws.closed or self._handler.transport is None:
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
            self._read_on()

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


def whole_messages(data: bytes) -> tuple[list[bytes], bytes] | None:
    """Return the messages in *data*, each a whole masked frame, and the beginning of another.

    None: there is anything else in it.
    """
    found: list[bytes] = []
    at = 0
    while (left := len(data) - at) >= HEAD_BYTES:
        size = HEAD_BYTES + (data[at + 2] << 8 | data[at + 3])
        if data[at] not in (WHOLE_TEXT, WHOLE_BINARY) or data[at + 1] != MASK_BIT | LENGTH_16:
            return None
        if size > left:
            return (found, data[at:]) if size <= MOST_DIRECT_BYTES else None
        found.append(data[at : at + size])
        at += size
    return None if left else (found, b"")


def message_in(frame: bytes) -> str | bytes | None:
    """Return what is in *frame*; None: it is no text, and aiohttp's parser closes for it."""
    payload = bytearray(frame[HEAD_BYTES:])
    websocket_mask(frame[HEAD_BYTES - KEY_BYTES : HEAD_BYTES], payload)
    try:
        return payload.decode() if frame[0] == WHOLE_TEXT else bytes(payload)
    except UnicodeDecodeError:
        return None
