"""Whether another connection goes on with our session: then it decides, and we say no more.

A phone that changes networks comes back before its old connection is known to be dead.
"""

from __future__ import annotations

from schemas.events import Event, SessionResumed


class Takeover:
    """Told of the session's events, by their places in the log; tells when we have a successor."""

    def __init__(self) -> None:
        self._ours = ""
        """The id of the event with which our connection began."""
        self._since = 0
        """Its place in the log; 0: not seen yet."""

    def begins(self, event: Event) -> None:
        self._ours = event.id

    def is_over(self, event: Event, seq: int) -> bool:
        """Tell whether *event*, at *seq* of the log, begins a connection after ours."""
        if event.id == self._ours:
            self._since = seq
            return False
        return isinstance(event, SessionResumed) and 0 < self._since < seq
