"""Outages of a call's bus, which the caller is told once; after a while audio is ignored."""

from collections.abc import Callable
from typing import Literal

DEAF_S = 5.0
"""The length of an outage after which audio is ignored."""
BusService = Literal["link", "log"]
"""The link to a server, or the streams, which may be away while the link works."""


class BusOutage:
    """The outages of the bus in one call."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """*clock* returns monotonic seconds."""
        self._clock = clock
        self.away: set[BusService] = set()
        """The services that are away."""
        self._since_s = 0.0
        """The start of the outage, monotonic seconds."""

    def note_away(self, service: BusService) -> bool:
        """Note that *service* of the bus is away; return whether an outage begins with it."""
        is_new = not self.away
        self.away.add(service)
        if is_new:
            self._since_s = self._clock()
        return is_new

    def note_back(self, service: BusService) -> bool:
        """Note that *service* is back; return whether this ends the outage."""
        was = bool(self.away)
        self.away.discard(service)
        return was and not self.away

    @property
    def deaf(self) -> bool:
        """Return whether audio is ignored, since a response would come too late."""
        return bool(self.away) and self._clock() - self._since_s > DEAF_S
