"""The position up to which a connection has read its session's log. Pure."""

from collections.abc import Iterable

from runtime.bus.reader import Stored
from schemas import subjects
from schemas.events import Kind, SessionResumed

TAKEOVER_KIND = SessionResumed.KIND
"""The kind of events by which a newer connection of the session is noticed."""
STAGE_KINDS: tuple[Kind, ...] = ("heard", "say", "out")
"""The kinds of the stages' events; the edge's own events of these kinds come back to it."""
SUBSCRIBED_KINDS: tuple[Kind, ...] = (*STAGE_KINDS, TAKEOVER_KIND)
"""The kinds that a connection subscribes to: of the stages, and of newer connections."""


class LogPosition:
    """The position of one connection among the events of each kind that it subscribes to."""

    def __init__(self, session_ref: tuple[str, str]) -> None:
        """Begin before the first event of the session *session_ref* (tenant, id)."""
        self.after = {subjects.session_events(*session_ref, kind): 0 for kind in SUBSCRIBED_KINDS}
        """By subject, the sequence up to which its events were read."""

    def read(self, stored: Iterable[Stored]) -> list[Stored]:
        """Move behind *stored*, events of those subjects; return them, the oldest first."""
        found = sorted(stored, key=lambda event: event.seq)
        self.after |= {event.subject: event.seq for event in found}
        return found
