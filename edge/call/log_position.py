"""The position up to which a connection has read its session's log. Pure."""

from collections.abc import Sequence

from runtime.bus.reader import Stored
from schemas.events import Kind, SessionResumed

LIFE = SessionResumed.KIND
"""The kind of events by which a newer connection of the session is noticed."""
HEARD_KINDS: tuple[Kind, ...] = ("heard", "say", "out", LIFE)
"""The kinds that a connection subscribes to: of the stages, and of newer connections."""


class LogPosition:
    """The position of one connection."""

    def __init__(self) -> None:
        self.seq = 0
        """The sequence up to which events were received."""

    def read(self, stored: Sequence[Stored]) -> list[Stored]:
        """Move to the end of *stored*; return its events that a connection subscribes to."""
        if stored:
            self.seq = stored[-1].seq
        return [event for event in stored if event.subject.rpartition(".")[2] in HEARD_KINDS]
