"""A client's stream of WebSocket frames, followed from head to head. Pure."""

import sys
from typing import NamedTuple

from edge.door.limits.message_room import LONG_BYTES

FIN = 0x80
FIRST_CONTROL = 0x08
MASK_BIT = 0x80
LENGTH_16 = 126
KEY_BYTES = 4


class Followed(NamedTuple):
    """The result of following a piece of a client's stream."""

    until: int
    """Where in the piece it ends."""
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
        self._size = 0
        self.number = 0
        """Of the latest message, control frames aside."""

    @property
    def between_messages(self) -> bool:
        """Whether the next byte begins a message."""
        return not (self._skip or self._head or self._unfinished)

    @property
    def unread(self) -> int:
        """Bytes of the message that is on its way, as far as its heads tell; 0: there is none."""
        return self._size if self._skip or self._unfinished else 0

    def follow(
        self, data: bytes, most: int, at: int = 0, most_bytes: int = sys.maxsize
    ) -> Followed:
        """Take the next piece, *most_bytes* from *at*, up to the head of its frame number *most*.

        It ends behind the head by which a message becomes longer than LONG_BYTES, too.
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
                return Followed(max(0, at - len(self._head)), frames, unmasked=True)
            short = self._head[1] & 0x7F
            extra = {LENGTH_16: 2, 127: 8}.get(short, 0)
            if len(self._head) == 2 + extra:
                length = int.from_bytes(self._head[2:]) if extra else short
                self._skip = KEY_BYTES + length
                kind = self._head[0] & 0x0F
                if kind < FIRST_CONTROL:
                    if kind:  # it continues no other
                        self._size = 0
                        self.number += 1
                    self._size += length
                    self._unfinished = not self._head[0] & FIN
                self._head.clear()
                frames += 1
                if kind < FIRST_CONTROL and self._size > LONG_BYTES:
                    break
        return Followed(at, frames, unmasked=False)
