"""A filter before aiohttp's WebSocket parser: masks, budget, and a short cut for audio.

Frames of every kind count in the connection's budget, also empty parts and pings. They are parsed a
few at a time, and the socket is not read meanwhile.

A microphone sends fifty messages a second, each a whole frame. Such a frame goes directly to the
listener: parser, queue and waiting task would double the cost of the audio.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from aiohttp import WebSocketError
from aiohttp._websocket.helpers import websocket_mask

from edge.door.frame_heads import FIN, KEY_BYTES, LENGTH_16, MASK_BIT, FrameHeads
from edge.door.intake_state import DROPS, INTAKE_MOVES, READS, WAITS, IntakeMove
from edge.door.limits.allowance import OverBudgetError
from edge.door.limits.message_memory import LONG_BYTES, LONGEST_RESERVATION_S, RETRY_S
from edge.door.limits.pace import WAIT_S
from runtime.moves import moved

if TYPE_CHECKING:
    from edge.door.strict_websocket import StrictWebSocket

PROTOCOL_ERROR = 1002
MOST_FRAMES, MOST_PIECE_BYTES = 32, 32 * 1024
"""The frames that are parsed before others get the loop."""
MOST_UNTAKEN_BYTES = 16 * 1024
"""The most bytes of parsed messages that wait; beyond it the socket is not read."""
LAST_WORD_S = 1.0
"""The time in which a client over its budget can read the close's reason."""
MOST_DROPPED_BYTES = 32 * 1024 * 1024
MOST_UNTAKEN_S = 0.25
"""The interval of checks of a socket whose parsed messages nobody takes."""
WHOLE_TEXT, WHOLE_BINARY = FIN | 0x01, FIN | 0x02
HEAD_BYTES = 4 + KEY_BYTES
"""The head of a frame with a length of 16 bits (126 to 65 535 bytes), such as 20 ms of audio."""
MOST_DIRECT_BYTES = 16_384
"""The longest message for the short cut: half a second of audio, after a delayed packet."""
STILL_THERE = b"\x8a\x00"
"""An unsolicited pong (RFC 6455, 5.5.3), which fails if the client has gone."""
STILL_THERE_S = 1.0


class FrameIntake:
    """Feeds aiohttp's parser a few frames at a time, up to the first one without a mask."""

    def __init__(self, parser: Any, queue: Any, ws: StrictWebSocket, handler: Any) -> None:
        self._parser = parser
        self._queue = queue
        self._ws = ws
        self._budget = ws.pace.budget
        self._handler = handler
        self._heads = FrameHeads()
        self._begun = b""
        """The start of a message for the listener."""
        self._rest, self._at = b"", 0
        """The latest data, and the number of its parsed bytes."""
        self._long = 0
        """The number of the message for which memory is reserved."""
        self._clock = ws.pace.clock
        self._tried_s = self._clock()
        self._memory_check: asyncio.TimerHandle | None = None
        """The next check of how long the memory has been reserved."""
        ws.pace.has_more = lambda: bool(self._rest or queue._buffer)
        self._state = READS
        self._untaken_check: asyncio.TimerHandle | None = None
        """The next check; None: it does not wait for parsed messages to be taken."""
        self._dropped = 0
        """Bytes."""

    def feed_data(self, data: bytes) -> tuple[bool, bytes]:
        if self._state is DROPS:
            self._drop(len(data))
            return False, b""
        if self._state is WAITS:  # data that was read before the pause
            self._rest, self._at = self._rest[self._at :] + data, 0
            return False, b""
        data, self._begun = self._begun + data, b""
        at = self._listened_to(data)
        if at == len(data):
            return False, b""
        self._rest, self._at = data, at
        return self._parse(), b""

    def _listened_to(self, data: bytes) -> int:
        """Give short messages to the listener; return the number of their bytes in *data*."""
        listen = self._ws.on_message
        if not listen or len(data) > MOST_DIRECT_BYTES or self._queue._buffer:
            return 0
        found = whole_messages(data) if self._heads.between_messages else None
        if not found or len(found[0]) > MOST_FRAMES:
            return 0
        at = 0
        for frame in found[0]:
            if self._state is DROPS:
                return len(data)
            message = message_in(frame)
            if message is None or not listen(message):
                return at
            at += len(frame)
        self._begun = found[1]
        return len(data)

    @property
    def drops(self) -> bool:
        """Return whether data is dropped."""
        return self._state is DROPS

    def feed_eof(self) -> None:
        self._parser.feed_eof()

    def probe(self) -> None:
        """Send a pong now and then, since the close of an unread socket is not seen."""
        now_s = self._clock()
        if now_s >= self._tried_s + STILL_THERE_S and self._handler.transport is not None:
            self._tried_s = now_s
            self._handler.transport.write(STILL_THERE)

    def drop_all(self) -> None:
        """Stop parsing; read on for a moment, so that the client can read the reason."""
        if self.drops:
            return
        self._begun = self._rest = b""
        self._budget.reservation.release()
        if self._state is WAITS:
            self._handler._resume_reading_for_buffer()
        self._move(IntakeMove.GIVE_UP)
        asyncio.get_running_loop().call_later(LAST_WORD_S, self._queue.feed_eof)

    def forget(self) -> None:
        """Free all data and timers, since this object lives until garbage collection."""
        self._begun = self._rest = b""
        self._queue._buffer.clear()
        for timer in (self._memory_check, self._untaken_check):
            if timer:
                timer.cancel()
        self._memory_check = self._untaken_check = None

    def _move(self, move: IntakeMove) -> None:
        self._state = moved(INTAKE_MOVES, self._state, move)

    def _drop(self, size: int) -> None:
        self._dropped += size
        if self._dropped >= MOST_DROPPED_BYTES:
            self._handler._pause_reading_for_buffer()

    def _wait(self) -> None:
        if self._state is READS:
            self._move(IntakeMove.FILL)
            self._handler._pause_reading_for_buffer()

    def _read_on(self) -> None:
        if self._state is WAITS:
            self._move(IntakeMove.EMPTY)
            self._handler._resume_reading_for_buffer()

    def _parse(self) -> bool:
        """Parse the next few frames; the rest waits. Return whether the stream is over."""
        pace, began_s, data = self._ws.pace, self._ws.pace.work_clock(), self._rest
        until, frames, unmasked = self._heads.follow(data, MOST_FRAMES, self._at, MOST_PIECE_BYTES)
        self._parser.feed_data(data[self._at : until])
        if unmasked:
            self._queue.set_exception(
                WebSocketError(PROTOCOL_ERROR, "a client's frames must be masked")
            )
            return True
        self._budget.frames += frames
        self._budget.bytes += until - self._at
        # frees the parsed data if it is more than the rest
        self._rest, self._at = (data, until) if until < len(data) / 2 else (data[until:], 0)
        pace.worked(began_s)
        try:
            wait_s = pace.check()
        except OverBudgetError as over:
            self._ws.exceed(str(over))
            return False
        has_room = self._has_memory() and self._untaken <= MOST_UNTAKEN_BYTES
        if has_room and not (wait_s or self._rest):
            self._read_on()
            return False
        self._wait()
        if wait_s or has_room:
            pace.later(wait_s, self._go_on)
        else:
            self._await_taken()
        return False

    @property
    def _untaken(self) -> int:
        """Return the bytes of waiting messages."""
        return sum(size for _, size in self._queue._buffer)

    def _await_taken(self) -> None:
        """Go on once all parsed messages are taken; for memory of others, ask again soon."""
        own = self._queue._buffer or self._budget.reservation.held
        until_s = MOST_UNTAKEN_S if own else RETRY_S
        self._untaken_check = asyncio.get_running_loop().call_later(until_s, self._go_on)

    def _go_on(self) -> None:
        """Parse on, unless the budget is overdrawn, there is no memory, or parsed messages wait."""
        self._untaken_check = None
        if self.drops or self._ws.closed or self._handler.transport is None:
            return
        self._ws.note_slowed()
        pace = self._ws.pace
        try:
            wait_s = pace.check()
        except OverBudgetError as over:
            self._ws.exceed(str(over))
            return
        if wait_s:
            pace.later(wait_s, self._go_on)
        elif self._handler._reading_paused or self._queue._buffer or not self._has_memory():
            self._await_taken()
        elif self._rest:
            if self._parse():
                self._handler.close()
        else:
            self._read_on()

    # -------------------------------------------------------- memory for a long message

    def _has_memory(self) -> bool:
        """Return whether the incomplete message may be read on."""
        size, reservation = self._heads.unread, self._budget.reservation
        if size <= LONG_BYTES or size >= self._ws.most_bytes:  # refused as too long
            return True
        if reservation.held and self._long != self._heads.number:
            return False  # the one before is still being processed
        self._long = self._heads.number
        if not reservation.reserve(size, self._clock()):
            return False
        if self._memory_check is None:
            self._check_memory_in(LONGEST_RESERVATION_S)
        return True

    def taken(self) -> None:
        """Release the memory of a processed message, and go on if no other waits."""
        if self._queue._buffer:
            return
        on_its_way = self._heads.unread and self._long == self._heads.number
        if not on_its_way:
            self._budget.reservation.release()
        if self._untaken_check:
            self._untaken_check.cancel()
            self._ws.pace.later(0.0, self._go_on)
            self._untaken_check = None

    def _check_memory_in(self, seconds: float) -> None:
        self._memory_check = asyncio.get_running_loop().call_later(seconds, self._check_memory)

    def _check_memory(self) -> None:
        self._memory_check = None
        reservation = self._budget.reservation
        if reservation.is_overdue(self._clock()):
            self._ws.exceed("a long message takes too long, and others wait for its memory")
        elif reservation.held:
            self._check_memory_in(WAIT_S)


def whole_messages(data: bytes) -> tuple[list[bytes], bytes] | None:
    """Return the messages in *data*, each a whole masked frame, and the start of another.

    None: it contains anything else.
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
    """Return the message in *frame*; None: invalid text, for which aiohttp's parser closes."""
    payload = bytearray(frame[HEAD_BYTES:])
    websocket_mask(frame[HEAD_BYTES - KEY_BYTES : HEAD_BYTES], payload)
    try:
        return payload.decode() if frame[0] == WHOLE_TEXT else bytes(payload)
    except UnicodeDecodeError:
        return None
