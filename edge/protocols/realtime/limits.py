"""The limit of a client's events, as a token bucket. Pure."""

from edge.protocols.client_protocol import Json
from edge.protocols.realtime.wire import Ids

BURST_S = 20
"""The events of this many seconds may come at once: clients send all items of a conversation."""


class EventLimit:
    """Counts the events of one client, audio not included."""

    def __init__(self, per_second: int) -> None:
        self._per_second = per_second
        self._size = per_second * BURST_S
        self._left = float(self._size)
        self._at_ms: int | None = None

    def takes(self, now_ms: int) -> bool:
        """Count an event at *now_ms*; return False if there were too many."""
        if self._at_ms is not None:
            passed_s = max(0, now_ms - self._at_ms) / 1000
            self._left = min(self._size, self._left + passed_s * self._per_second)
        self._at_ms = now_ms
        if self._left < 1:
            return False
        self._left -= 1
        return True

    def as_event(self, ids: Ids) -> Json:
        """Return the server event with the remaining allowance."""
        left = int(self._left)
        limit = {
            "name": "requests",
            "limit": self._size,
            "remaining": left,
            "reset_seconds": round((self._size - left) / self._per_second, 3),
        }
        return ids.event("rate_limits.updated", rate_limits=[limit])
