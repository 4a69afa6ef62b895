"""The memory for long messages, which all connections of an edge share. Pure.

A message longer than LONG_BYTES is read once there is memory for all of it; until then it waits in
the socket buffers of both sides. The address that has had the least is next. The memory is free
again when the message was processed. A connection that holds memory for too long is closed if
others wait.
"""

from __future__ import annotations

from edge.door.limits.fair_queue import FairQueue

MESSAGE_MEMORY_BYTES = 8 * 1024 * 1024
"""Four recordings of a minute; read, unmasked and decoded, a message takes three times its size."""
LONG_BYTES = 64 * 1024
"""Two seconds of audio; a shorter message is read at once."""
LONGEST_RESERVATION_S = 10.0
"""A connection that holds memory for longer, while others wait, is closed."""
RESERVATION_RETRY_S = 0.1
"""The interval in which a refused reservation is tried again."""


class MessageMemory:
    """The memory, and the reservations that wait for it."""

    def __init__(
        self,
        size_bytes: int = MESSAGE_MEMORY_BYTES,
        longest_reservation_s: float = LONGEST_RESERVATION_S,
    ) -> None:
        """Share *size_bytes*; a connection may hold some *longest_reservation_s* if others wait."""
        self.size_bytes = self.free_bytes = size_bytes
        self.longest_reservation_s = longest_reservation_s
        self.queue: FairQueue[Reservation] = FairQueue()

    def reservation(self, address: str) -> Reservation:
        """Return the empty reservation of a new connection of *address*."""
        return Reservation(self, address)

    @property
    def next(self) -> Reservation | None:
        """The reservation that gets memory next, or None if none waits."""
        while self.queue:
            if (first := self.queue.first()).wanted_bytes:
                return first
            self.queue.pop()  # its connection has gone
        return None


class Reservation:
    """The memory of one connection, which is for one message at a time.

    It may hold memory and wait for more, for a message that arrives in parts.
    """

    def __init__(self, memory: MessageMemory, address: str) -> None:
        self._memory = memory
        self._address = address
        self.held_bytes = 0
        self._since_s = 0.0
        """The time from which it holds memory, if it holds any."""
        self.wanted_bytes = 0
        """The bytes for which it waits in the queue; 0: it does not wait."""

    def reserve(self, size_bytes: int, now_s: float) -> bool:
        """Hold *size_bytes* in all; return False without memory, so that the caller asks again."""
        more = size_bytes - self.held_bytes
        if more <= 0:
            return True
        memory = self._memory
        fits = more <= memory.free_bytes or memory.free_bytes + self.held_bytes == memory.size_bytes
        is_behind = memory.next not in {None, self}
        if not fits or (is_behind and not self.held_bytes):
            if not self.wanted_bytes:
                memory.queue.add(self._address, self)
            self.wanted_bytes = size_bytes
            return False
        self.wanted_bytes = 0
        if not self.held_bytes:
            self._since_s = now_s
        memory.free_bytes -= more
        self.held_bytes += more
        memory.queue.charge(self._address, more)
        return True

    def is_overdue(self, now_s: float) -> bool:
        """Return whether it has been held for too long while others wait."""
        return (
            self.held_bytes > 0
            and now_s - self._since_s >= self._memory.longest_reservation_s
            and self._memory.next not in {None, self}
        )

    def release(self) -> None:
        """Free the memory, and stop waiting for it."""
        self._memory.free_bytes += self.held_bytes
        self.held_bytes = self.wanted_bytes = 0
