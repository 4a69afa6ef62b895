"""A filter before aiohttp's WebSocket parser: masks, budget, and a fast path for audio.

Frames of every kind count in the connection's budget, also empty parts and pings. They are parsed a
few at a time, and the socket is not read meanwhile. `unparsed_frames.py` decides when.

A microphone sends fifty messages a second, each a whole frame. Such a frame goes directly to the
`AudioIntake`: parser, queue and waiting task would double the cost of the audio.
"""

import asyncio
import struct
from typing import Any, Protocol

from aiohttp import WebSocketError
from aiohttp._websocket.helpers import websocket_mask

from edge.door.audio.audio_intake import AudioIntake
from edge.door.limits.allowance import AHEAD, OverBudgetError
from edge.door.limits.message_memory import LONGEST_RESERVATION_S
from edge.door.limits.pace import WAIT_PIECE_S, Pace
from edge.door.websocket.frame_heads import FIN, KEY_BYTES, LENGTH_16, MASK_BIT
from edge.door.websocket.unparsed_frames import (
    DROPS,
    MOST_FRAMES,
    READS,
    IntakeStep,
    UnparsedFrames,
)
from edge.protocols.client_protocol import CloseCode

WHOLE_TEXT = FIN | 0x01
SHORT_KINDS = {kind << 8 | MASK_BIT | LENGTH_16 for kind in (WHOLE_TEXT, FIN | 0x02)}
"""The first bytes of whole masked frames with a length of 16 bits, such as 20 ms of audio."""
_HEAD = struct.Struct("!HH")
HEAD_BYTES = _HEAD.size + KEY_BYTES
MOST_DIRECT_BYTES = 16_384
"""The longest message for the fast path, bytes: half a second of audio, after a delayed packet."""
REASON_READ_S = 1.0
"""The time, seconds, in which a client over its budget can read the close's reason."""
STILL_THERE = b"\x8a\x00"
"""An unsolicited pong (RFC 6455, 5.5.3), which fails if the client has gone."""


class FilteredSocket(Protocol):
    """The WebSocket whose frames are filtered."""

    pace: Pace
    most_bytes: int
    intake: AudioIntake | None
    """Takes short audio, which the parser does not get."""

    @property
    def closed(self) -> bool:
        """Return whether its close has begun."""

    def cut_off(self, message: str) -> None:
        """Read no more, and have the connection closed."""

    def note_slowed(self) -> None:
        """Note that data of the client wait unread."""


class FrameIntake:
    """Feeds aiohttp's parser a few frames at a time, up to the first one without a mask."""

    def __init__(self, parser: Any, queue: Any, ws: FilteredSocket, handler: Any) -> None:
        self._parser = parser
        self._queue = queue
        self._ws = ws
        self._handler = handler
        self._pace, self._budget, self._clock = ws.pace, ws.pace.budget, ws.pace.clock
        self._frames = UnparsedFrames(self._budget.reservation, ws.most_bytes, self._clock())
        self._memory_check: asyncio.TimerHandle | None = None
        """The next check of how long the memory has been reserved."""
        self._untaken_check: asyncio.TimerHandle | None = None
        """The next check; None: it does not wait for parsed messages to be taken."""

    def feed_data(self, data: bytes) -> tuple[bool, bytes]:
        frames = self._frames
        if frames.state is not READS:
            if not frames.set_aside(data):
                self._handler._pause_reading_for_buffer()
            return False, b""
        if frames.incomplete:
            data = frames.with_incomplete(data)
        if self._budget.is_stranger and self._pace.is_round_full:
            frames.add(data, 0)
            self._take_step(IntakeStep.GO_ON_LATER, 0.0)
            return False, b""
        at = self._take_audio(data)
        if at == len(data):
            return False, b""
        frames.add(data, at)
        return self._parse(), b""

    def _take_audio(self, data: bytes) -> int:
        """Give short audio to its session; return the number of its bytes in *data*."""
        intake = self._ws.intake
        frames = self._frames
        if intake is None or self._queue._buffer or not frames.heads.between_messages:
            return 0
        if self._budget.load is AHEAD:
            return 0
        short = whole_messages(data)
        if short is None:
            return 0
        at, (messages, incomplete) = 0, short
        for frame in messages:
            if frames.state is DROPS:
                return len(data)
            message = message_in(frame)
            if message is None or not intake.take_if_audio(message):
                return at
            at += len(frame)
        frames.incomplete = incomplete
        return len(data)

    @property
    def drops(self) -> bool:
        """Return whether data is dropped."""
        return self._frames.state is DROPS

    @property
    def has_more(self) -> bool:
        """Return whether more has arrived than was taken."""
        return bool(self._frames.has_rest or self._queue._buffer)

    def feed_eof(self) -> None:
        self._parser.feed_eof()

    def probe(self) -> None:
        """Send a pong now and then, since the close of an unread socket is not seen."""
        transport = self._handler.transport
        if transport is not None and self._frames.is_probe_due(self._clock()):
            transport.write(STILL_THERE)

    def drop_all(self) -> None:
        """Stop parsing; read on for a moment, so that the client can read the reason."""
        if self.drops:
            return
        if self._frames.give_up():
            self._handler._resume_reading_for_buffer()
        asyncio.get_running_loop().call_later(REASON_READ_S, self._queue.feed_eof)

    def free(self) -> None:
        """Free all data and timers, since this object lives until garbage collection."""
        self._frames.clear()
        self._queue._buffer.clear()
        for timer in (self._memory_check, self._untaken_check):
            if timer:
                timer.cancel()
        self._memory_check = self._untaken_check = None

    def _parse(self) -> bool:
        """Parse the next few frames; the rest waits. Return whether the stream is over."""
        began_s = self._pace.work_clock()
        piece = self._frames.next_piece()
        self._parser.feed_data(piece.data)
        if piece.unmasked:
            self._queue.set_exception(
                WebSocketError(CloseCode.PROTOCOL_ERROR, "a client's frames must be masked")
            )
            return True
        self._budget.spend_frames(piece.frames, len(piece.data))
        self._pace.worked(began_s)
        wait_s = self._debt_s()
        if wait_s is not None:
            self._take_step(self._frames.after_piece(wait_s, self._untaken, self._clock()), wait_s)
        return False

    def _go_on(self) -> None:
        """Take the next step after a wait."""
        self._untaken_check = None
        if self.drops or self._ws.closed or self._handler.transport is None:
            return
        self._ws.note_slowed()
        wait_s = self._debt_s()
        if wait_s is None:
            return
        are_untaken = bool(self._handler._reading_paused or self._queue._buffer)
        step = self._frames.after_wait(wait_s, are_untaken=are_untaken, now_s=self._clock())
        if step is not IntakeStep.PARSE:
            self._take_step(step, wait_s)
        elif self._parse():
            self._handler.close()

    def _debt_s(self) -> float | None:
        """Return the seconds for which nothing may be parsed; None: it closes the connection."""
        try:
            return self._pace.check()
        except OverBudgetError as over:
            self._ws.cut_off(str(over))
            return None

    def _take_step(self, step: IntakeStep, wait_s: float) -> None:
        """Read the socket on, or let it wait for *wait_s* or until messages are taken."""
        if self._budget.reservation.held_bytes and self._memory_check is None:
            self._check_memory_in(LONGEST_RESERVATION_S)
        if step is IntakeStep.READ:
            if self._frames.empty():
                self._handler._resume_reading_for_buffer()
            return
        if self._frames.fill():
            self._handler._pause_reading_for_buffer()
        if step is IntakeStep.GO_ON_LATER:
            self._pace.later(wait_s, self._go_on)
            return
        until_s = self._frames.check_again_s(are_untaken=bool(self._queue._buffer))
        self._untaken_check = asyncio.get_running_loop().call_later(until_s, self._go_on)

    @property
    def _untaken(self) -> int:
        """Return the bytes of waiting messages."""
        return sum(size for _, size in self._queue._buffer)

    def taken(self) -> None:
        """Release the memory of a processed message, and go on if no other waits."""
        if self._queue._buffer:
            return
        self._frames.all_taken()
        if self._untaken_check:
            self._untaken_check.cancel()
            self._pace.later(0.0, self._go_on)
            self._untaken_check = None

    def _check_memory_in(self, seconds: float) -> None:
        self._memory_check = asyncio.get_running_loop().call_later(seconds, self._check_memory)

    def _check_memory(self) -> None:
        self._memory_check = None
        reservation = self._budget.reservation
        if reservation.is_overdue(self._clock()):
            self._ws.cut_off("a long message takes too long, and others wait for its memory")
        elif reservation.held_bytes:
            self._check_memory_in(WAIT_PIECE_S)


def whole_messages(data: bytes) -> tuple[list[bytes], bytes] | None:
    """Return the few messages in *data*, which need no parser, and the start of another one.

    Each is a whole masked frame. None: it contains anything else, or many.
    """
    if len(data) > MOST_DIRECT_BYTES:
        return None
    found: list[bytes] = []
    at = 0
    while (left := len(data) - at) >= HEAD_BYTES:
        kind, payload_bytes = _HEAD.unpack_from(data, at)
        if kind not in SHORT_KINDS or len(found) == MOST_FRAMES:
            return None
        size = HEAD_BYTES + payload_bytes
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
