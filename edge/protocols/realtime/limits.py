"""How many events a client may send: a bucket that fills as time passes. Pure."""

from __future__ import annotations

from edge.protocols.client_protocol import Json
from edge.protocols.realtime.wire import Ids

BURST_S = 20
"""The bucket holds what this time allows: clients tell a conversation's items all at once."""


class EventLimit:
    """The events of one client, audio aside."""

    def __init__(self, a_second: int) -> None:
        self._a_second = a_second
        self._size = a_second * BURST_S
        self._left = float(self._size)
        self._at_ms: int | None = None

    def takes(self, now_ms: int) -> bool:
        """Take an event that came at *now_ms*, or return False: there are too many."""
        if self._at_ms is not None:
            passed_s = max(0, now_ms - self._at_ms) / 1000
            self._left = min(self._size, self._left + passed_s * self._a_second)
        self._at_ms = now_ms
        if self._left < 1:
            return False
        self._left -= 1
        return True

    def told(self, ids: Ids) -> Json:
        """Return the event that tells what is left."""
        left = int(self._left)
        limit = {
            "name": "requests",
            "limit": self._size,
            "remaining": left,
            "reset_seconds": round((self._size - left) / self._a_second, 3),
        }
        return ids.event("rate_limits.updated", rate_limits=[limit])
