"""The memory for long messages, which all connections of an edge share. Pure.

    none --its turn, and there is room--> held ---the message was worked on--> none
                                          held --too long, while others wait--> closed

A message that is longer than LONG_BYTES is read when there is room for all of it; until then it
waits in the sockets of the system, and of its sender. The address that has had the least is next.
"""

from __future__ import annotations

from edge.door.limits.fair_queue import FairQueue

ROOM_BYTES = 8 * 1024 * 1024
"""Four recordings of a minute; read, unmasked and decoded, a message is three times as much."""
LONG_BYTES = 64 * 1024
"""Two seconds of sound: what is no longer is read at once."""
MOST_HELD_S = 10.0
"""Whoever holds room for longer, while others wait, is closed."""


class MessageRoom:
    """The room, and who waits for it."""

    def __init__(self, size: int = ROOM_BYTES) -> None:
        self.size = self.free = size
        self.queue: FairQueue[Place] = FairQueue()

    def place(self, address: str) -> Place:
        """Return the place of a new connection of *address*."""
        return Place(self, address)

    @property
    def next(self) -> Place | None:
        """Who is next of those that wait."""
        while self.queue:
            if (first := self.queue.first()).waits:
                return first
            self.queue.pop()  # its connection has gone
        return None


class Place:
    """What one connection holds of the room: a message at a time."""

    def __init__(self, room: MessageRoom, address: str) -> None:
        self._room = room
        self._address = address
        self.held = 0
        """Bytes."""
        self._since_s = 0.0
        self.waits = False

    def take(self, size: int, now_s: float) -> bool:
        """Hold *size* bytes in all; return False without room, so that the caller asks again."""
        more = size - self.held
        if more <= 0:
            return True
        room = self._room
        fits = more <= room.free or room.free + self.held == room.size
        is_behind = room.next not in {None, self}
        if not fits or (is_behind and not self.held):
            if not self.waits:
                self.waits = True
                room.queue.add(self._address, self)
            return False
        self.waits = False
        if not self.held:
            self._since_s = now_s
        room.free -= more
        self.held += more
        room.queue.charge(self._address, more)
        return True

    def is_overdue(self, now_s: float) -> bool:
        """Tell whether it is held for too long, while others wait."""
        return (
            self.held > 0
            and now_s - self._since_s >= MOST_HELD_S
            and self._room.next not in {None, self}
        )

    def leave(self) -> None:
        """Hold nothing, and wait for nothing."""
        self._room.free += self.held
        self.held, self.waits = 0, False
