"""The connections of a session, one after the other, as its events tell. Pure."""

from dataclasses import dataclass

from schemas.events import Event, SessionEnded, SessionResumed, SessionStarted


@dataclass
class Connections:
    """The duration of a session's connections, and the end of the newest."""

    ended: SessionEnded | None = None
    """The end of the newest connection, or None while it is open."""
    _closed_ms: int = 0
    """Duration of the earlier connections, ms."""
    _since_ms: int | None = None
    """The start of the open connection, Unix ms, or None without one."""
    _known_ms: int = 0
    """The time of the last event, Unix ms."""

    def read(self, event: Event) -> None:
        """Read *event*; a connection that told no end lasted until the last event before the next.

        It was taken over by the next one, or its edge died. Its end may also be stored after the
        next one began, and is then ignored.
        """
        match event:
            case SessionEnded(connected_at_ms=began_ms) if began_ms not in {0, self._since_ms}:
                return
            case SessionStarted() | SessionResumed():
                self._closed_ms, self._since_ms = self.lasted_ms(self._known_ms), event.at_ms
                self.ended = None
            case SessionEnded():
                self._closed_ms, self._since_ms = self.lasted_ms(event.at_ms), None
                self.ended = event
            case _:
                pass
        self._known_ms = event.at_ms

    def lasted_ms(self, now_ms: int) -> int:
        """Return the duration of all connections until *now_ms*, ms."""
        since_ms = now_ms if self._since_ms is None else self._since_ms
        return self._closed_ms + max(0, now_ms - since_ms)
