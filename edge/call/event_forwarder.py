"""Sends a client the session's events, each once, if the client asked for them. Pure.

An event of a stage comes live, and again when the log is read; so does one of the edge's own, which
is sent as soon as it is decided.
"""

from bisect import bisect_left
from collections.abc import Callable

from edge.call.log_position import STAGE_KINDS
from edge.core.messages.client_events import ClientEvent, Happened
from schemas.events import Event

MOST_KNOWN = 4096
"""The most sequences, and the most ids, that are remembered, the newest; an event with an older
sequence counts as sent."""


class EventForwarder:
    """Sends the events of one session over one connection."""

    def __init__(self, tell: Callable[[ClientEvent], None]) -> None:
        self._tell = tell
        self._own: dict[str, None] = {}
        """Ids of the edge's own events that are still to come back, the oldest first."""
        self._sent: list[int] = []
        """The newest sequences of the log whose events were sent, in their order."""
        self._sent_until = 0
        """The sequence up to which all events count as sent."""

    def forward(self, event: Event) -> None:
        """Send an event of the edge's own."""
        if event.KIND in STAGE_KINDS:
            self._own[event.id] = None
            if len(self._own) > MOST_KNOWN:
                del self._own[next(iter(self._own))]
        self._tell(Happened(event))

    def forward_stored(self, event: Event, seq: int) -> None:
        """Send *event*, stored at *seq* of the log, unless it was sent."""
        if not self._note(seq):
            return
        if event.id in self._own:
            del self._own[event.id]
        else:
            self._tell(Happened(event))

    def _note(self, seq: int) -> bool:
        """Note that the event at *seq* is sent; return False if it was before."""
        place = bisect_left(self._sent, seq)
        if seq <= self._sent_until or self._sent[place : place + 1] == [seq]:
            return False
        self._sent.insert(place, seq)
        if len(self._sent) > MOST_KNOWN:
            self._sent_until = self._sent.pop(0)
        return True
