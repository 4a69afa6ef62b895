"""Tells a client of the session's events, each once, where the client asked for them."""

from collections.abc import Callable

from edge.core.client_events import ClientEvent, Happened
from runtime.seen import Seen
from schemas.events import Event

REMEMBERED = 512
"""The ids of told events that are kept: an event may come again over the bus."""


class EventTeller:
    """Tells the events of one session over one connection."""

    def __init__(self, tell: Callable[[ClientEvent], None]) -> None:
        self._tell = tell
        self._told = Seen(REMEMBERED)

    def happened(self, event: Event) -> None:
        if not self._told.again(event.id):
            self._tell(Happened(event))
