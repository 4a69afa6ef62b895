"""Outages of a call's bus, which the caller is told once; after a while audio is dropped."""

from collections.abc import Callable
from typing import Literal

KEEPS_AUDIO_MS = 5000
"""The length of an outage after which audio is dropped."""
BusService = Literal["link", "log"]
"""The link to a server, or the streams, which may be away while the link works."""


class BusOutage:
    """The outages of the bus in one call."""

    def __init__(self, now_ms: Callable[[], int]) -> None:
        """*now_ms* returns the Unix time, ms."""
        self._now_ms = now_ms
        self.away: set[BusService] = set()
        """The services that are away."""
        self.changed: list[Callable[[bool], None]] = []
        """Called with True when an outage begins, and with False when it is over."""
        self._since_ms = 0
        """The start of the outage, Unix ms."""

    def note(self, service: BusService, *, away: bool) -> None:
        """Note whether *service* of the bus is away."""
        was_away = bool(self.away)
        self.away = self.away | {service} if away else self.away - {service}
        if bool(self.away) == was_away:
            return
        if away:
            self._since_ms = self._now_ms()
        for call in tuple(self.changed):
            call(away)

    @property
    def drops_audio(self) -> bool:
        """Return whether audio is dropped, since a response would come too late."""
        return bool(self.away) and self._now_ms() - self._since_ms > KEEPS_AUDIO_MS
