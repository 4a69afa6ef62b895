"""A log in which others store events at the same moment."""

from __future__ import annotations

from schemas import codec
from schemas.events import AnyEvent, Event
from tests.unit.runtime.stored_log import StoredLog, stored


class RacedLog(StoredLog):
    """A log in which others store events around each of ours."""

    def __init__(self, *events: tuple[int, Event]) -> None:
        super().__init__(*events)
        self.before: list[AnyEvent] = []
        """The events that others store just before the next one of ours."""
        self.after: list[AnyEvent] = []
        """The events that others store just after it."""

    async def publish(self, event: Event, data: bytes) -> int:
        """Store *event* like a server: an id that is stored already gives its sequence."""
        assert codec.decode(data) == event
        for one in self.before:
            self._store(one)
        seq = self._store(event)
        for one in self.after:
            self._store(one)
        self.before, self.after = [], []
        return seq

    def _store(self, event: Event) -> int:
        same = [one.seq for one in self.stored if one.event().id == event.id]
        if same:
            return same[0]
        self.stored.append(stored(len(self.stored) + 1, event))
        return len(self.stored)
