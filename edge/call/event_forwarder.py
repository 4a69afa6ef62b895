"""Sends a client the session's events, each once, if the client asked for them."""

from collections.abc import Callable

from edge.core.client_events import ClientEvent, Happened
from runtime.recent_ids import RecentIds
from schemas.events import Event

MOST_REMEMBERED_IDS = 512
"""The most ids of sent events that are kept, since an event may come twice."""


class EventForwarder:
    """Sends the events of one session over one connection."""

    def __init__(self, tell: Callable[[ClientEvent], None]) -> None:
        self._tell = tell
        self._told = RecentIds(MOST_REMEMBERED_IDS)

    def forward(self, event: Event) -> None:
        if not self._told.is_duplicate(event.id):
            self._tell(Happened(event))
