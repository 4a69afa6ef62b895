"""Detects a newer connection of the same session.

A telephone that changes networks reconnects before its old connection is known to be dead.
"""

from schemas.events import Event, SessionResumed


class Takeover:
    """Compares the session's events with the first event of this connection."""

    def __init__(self) -> None:
        self._our_id = ""
        """Id of the first event of this connection."""
        self._our_seq = 0
        """Its sequence number in the log; 0: not seen yet."""

    def begins(self, event: Event) -> None:
        self._our_id = event.id

    def is_ours(self, seq: int) -> bool:
        """Return whether an event at *seq* of the log came after the first one of ours."""
        return 0 < self._our_seq < seq

    def is_over(self, event: Event, seq: int) -> bool:
        """Return whether *event*, at *seq* of the log, begins a newer connection."""
        if event.id == self._our_id:
            self._our_seq = seq
            return False
        return isinstance(event, SessionResumed) and self.is_ours(seq)
