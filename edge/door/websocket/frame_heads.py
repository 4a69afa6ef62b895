"""Parses the heads of frames in a client's WebSocket stream. Pure."""

import sys
from typing import NamedTuple

from edge.door.limits.message_memory import LONG_BYTES

FIN = 0x80
FIRST_CONTROL = 0x08
MASK_BIT = 0x80
LENGTH_16 = 126
KEY_BYTES = 4


class FrameSplit(NamedTuple):
    """The result for a piece of a client's stream."""

    until: int
    """The index in the data at which the piece ends."""
    frames: int
    """The number of heads that end in the piece."""
    unmasked: bool
    """Whether the next frame has no mask."""


class FrameHeads:
    """Parses a client's stream in pieces of any size. Pure."""

    def __init__(self) -> None:
        self._head = bytearray()
        self._skip_bytes = 0
        """The rest of the frame, mask and payload, before the next head."""
        self._unfinished = False
        """Whether a message of several frames is incomplete."""
        self._message_bytes = 0
        self.number = 0
        """The number of the latest message, without control frames."""

    @property
    def between_messages(self) -> bool:
        """Whether the next byte begins a message."""
        return not (self._skip_bytes or self._head or self._unfinished)

    @property
    def unread_bytes(self) -> int:
        """Return the bytes of the incomplete message, by its heads so far; 0: there is none."""
        return self._message_bytes if self._skip_bytes or self._unfinished else 0

    def follow(
        self, data: bytes, most: int, at: int = 0, most_bytes: int = sys.maxsize
    ) -> FrameSplit:
        """Take the next piece, *most_bytes* from *at*, up to the head of its frame number *most*.

        It also ends after a head that makes a message longer than LONG_BYTES.
        """
        frames, end = 0, min(len(data), at + most_bytes)
        while at < end:
            if self._skip_bytes:
                step_bytes = min(self._skip_bytes, end - at)
                self._skip_bytes -= step_bytes
                at += step_bytes
                continue
            if frames == most and not self._head:
                break
            self._head.append(data[at])
            at += 1
            if len(self._head) < 2:
                continue
            if not self._head[1] & MASK_BIT:
                return FrameSplit(max(0, at - len(self._head)), frames, unmasked=True)
            short = self._head[1] & 0x7F
            extra_bytes = {LENGTH_16: 2, 127: 8}.get(short, 0)
            if len(self._head) == 2 + extra_bytes:
                length_bytes = int.from_bytes(self._head[2:]) if extra_bytes else short
                frames += 1
                if self._begin_frame(self._head[0], length_bytes):
                    break
        return FrameSplit(at, frames, unmasked=False)

    def _begin_frame(self, first: int, length_bytes: int) -> bool:
        """Begin the frame of a complete head, whose first byte is *first*.

        Return whether it makes a message longer than LONG_BYTES.
        """
        self._head.clear()
        self._skip_bytes = KEY_BYTES + length_bytes
        if (kind := first & 0x0F) >= FIRST_CONTROL:
            if not self._unfinished:  # the message before it is complete
                self._message_bytes = 0
            return False
        if kind:  # it is no continuation
            self._message_bytes = 0
            self.number += 1
        self._message_bytes += length_bytes
        self._unfinished = not first & FIN
        return self._message_bytes > LONG_BYTES
