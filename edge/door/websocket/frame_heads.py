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
        self._skip = 0
        """Bytes of mask and payload until the next head."""
        self._unfinished = False
        """Whether a message of several frames is incomplete."""
        self._size = 0
        self.number = 0
        """The number of the latest message, without control frames."""

    @property
    def between_messages(self) -> bool:
        """Whether the next byte begins a message."""
        return not (self._skip or self._head or self._unfinished)

    @property
    def unread(self) -> int:
        """Return the bytes of the incomplete message, by its heads so far; 0: there is none."""
        return self._size if self._skip or self._unfinished else 0

    def follow(
        self, data: bytes, most: int, at: int = 0, most_bytes: int = sys.maxsize
    ) -> FrameSplit:
        """Take the next piece, *most_bytes* from *at*, up to the head of its frame number *most*.

        It also ends after a head that makes a message longer than LONG_BYTES.
        """
        frames, end = 0, min(len(data), at + most_bytes)
        while at < end:
            if self._skip:
                step = min(self._skip, end - at)
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
                return FrameSplit(max(0, at - len(self._head)), frames, unmasked=True)
            short = self._head[1] & 0x7F
            extra = {LENGTH_16: 2, 127: 8}.get(short, 0)
            if len(self._head) == 2 + extra:
                length = int.from_bytes(self._head[2:]) if extra else short
                self._skip = KEY_BYTES + length
                kind = self._head[0] & 0x0F
                if kind < FIRST_CONTROL:
                    if kind:  # it is no continuation
                        self._size = 0
                        self.number += 1
                    self._size += length
                    self._unfinished = not self._head[0] & FIN
                elif not self._unfinished:  # the message before it is complete
                    self._size = 0
                self._head.clear()
                frames += 1
                if kind < FIRST_CONTROL and self._size > LONG_BYTES:
                    break
        return FrameSplit(at, frames, unmasked=False)
