"""Sends a client the session's events, each once, if the client asked for them. Pure.

An event of a stage comes live, and again when the log is read; so does one of the edge's own, which
is sent as soon as it is decided.
"""

from collections.abc import Callable

from edge.call.log_position import HEARD_KINDS
from edge.core.client_events import ClientEvent, Happened
from schemas.events import Event


class EventForwarder:
    """Sends the events of one session over one connection."""

    def __init__(self, tell: Callable[[ClientEvent], None]) -> None:
        self._tell = tell
        self._own: set[str] = set()
        """Ids of the edge's own events that are still to come back."""
        self._taken: set[int] = set()
        """The sequences of the log whose events have come."""

    def forward(self, event: Event) -> None:
        """Send an event of the edge's own."""
        if event.KIND in HEARD_KINDS:
            self._own.add(event.id)
        self._tell(Happened(event))

    def forward_stored(self, event: Event, seq: int) -> None:
        """Send *event*, stored at *seq* of the log, unless it was sent."""
        if seq in self._taken:
            return
        self._taken.add(seq)
        if event.id in self._own:
            self._own.remove(event.id)
        else:
            self._tell(Happened(event))
