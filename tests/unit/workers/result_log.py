"""The results of one session's calls of tools as a log."""

from __future__ import annotations

from runtime.bus.errors import BusAwayError
from runtime.bus.reader import Stored
from schemas import codec, subjects
from schemas import events as ev


class ResultLog:
    """The results of one session's calls."""

    def __init__(self, *events: ev.Event) -> None:
        self.stored = list(events)
        self.newer: list[tuple[bytes, dict[str, str]]] = []
        """Events of a newer version: data and headers."""
        self.published: list[ev.Event] = []
        self.read_after: list[int] = []
        self.knows_ids = True
        self.store_fails: list[bool] = []
        """For each failing try to store: whether the event is stored all the same."""

    async def read(self, stream: str, subject: str, *, after: int) -> list[Stored]:
        assert (stream, subject) == (subjects.EVENTS_STREAM, "aura.ev.t.s.out")
        self.read_after.append(after)
        stored = [(codec.encode(event), codec.headers(event)) for event in self.stored]
        every = enumerate([*self.newer, *stored], after + 1)
        return [Stored(subject, number, data, head, "") for number, (data, head) in every]

    async def store(self, subject: str, data: bytes, head: dict[str, str]) -> bool:
        event = codec.decode(data)
        assert (subject, head) == (subjects.event(event), codec.headers(event))
        is_new = not self.knows_ids or event.id not in {known.id for known in self.stored}
        if self.store_fails:
            if self.store_fails.pop():
                self.stored.append(event)
            raise BusAwayError("no answer")
        if is_new:
            self.stored.append(event)
        return is_new

    async def publish(self, event: ev.Event) -> int:
        self.published.append(event)
        return 1
