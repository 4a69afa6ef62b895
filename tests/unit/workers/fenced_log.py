"""The responses of one session as a log behind a fence, and a job whose response it gets."""

from __future__ import annotations

from typing import Any, cast

from runtime.bus.connection import Bus
from runtime.bus.errors import FencedError
from runtime.bus.reader import Stored
from schemas import codec, subjects
from schemas import events as ev
from workers.loop.stage import JobContext

TURN = 5
HEAD: dict[str, Any] = {"tenant": "t", "session": "s", "at_ms": 1000}


class FencedLog:
    """The responses of one session: a link is stored if it names the newest one."""

    def __init__(self, *events: ev.Event) -> None:
        self.stored: list[Stored] = []
        self.published: list[ev.Event] = []
        """Events that need no fence."""
        self.behind = 0
        """The number of newest events that the replica which answers next does not have."""
        self.refused = 0
        for event in events:
            self.add(event)

    def add(self, event: ev.Event) -> int:
        return self.add_raw(codec.encode(event))

    def add_raw(self, data: bytes) -> int:
        seq = 100 + len(self.stored)
        self.stored.append(Stored("aura.ev.t.s.say", seq, data, {}, ""))
        return seq

    @property
    def events(self) -> list[ev.AnyEvent]:
        return [event for message in self.stored if (event := message.readable())]

    def _known(self) -> list[Stored]:
        known = self.stored[: len(self.stored) - self.behind]
        self.behind = 0
        return known

    async def last(self, subject: str, *, at_least: int = 0) -> Stored | None:
        assert subject == subjects.session_events("t", "s", "say")
        known = self._known()
        if at_least and (not known or known[-1].seq < at_least):
            known = self._known()  # the replica has caught up
        return known[-1] if known else None

    async def read(self, stream: str, subject: str, *, after: int) -> list[Stored]:
        assert (stream, subject) == (subjects.EVENTS_STREAM, "aura.ev.t.s.say")
        return [message for message in self.stored if message.seq > after]

    async def publish_fenced(self, event: ev.Event, last: int) -> int:
        newest = self.stored[-1].seq if self.stored else 0
        if last != newest:
            self.refused += 1
            raise FencedError("the subject has moved on", newest)
        return self.add(event)

    async def publish(self, event: ev.Event) -> int:
        self.published.append(event)
        return 0


def job(log: FencedLog, *, seq: int = 99, **changes: Any) -> JobContext[ev.TurnTaken]:
    """Return the job of turn 5, taken 250 ms ago, which the log holds at *seq*."""
    fields: dict[str, Any] = {
        "turn": TURN,
        "utterance": 1,
        "pause": 1,
        "system": "",
        "messages": (),
        "llm_model": "",
        "max_tokens": 9,
        "temperature": 0.0,
        "seed": 0,
        "speculative": False,
        "deadline_ms": 9000,
        "language": "de",
        "voice": "eva",
        "speed": 1.5,
        **changes,
    }
    bus = cast("Bus", log)  # the part of a bus that a response needs
    return JobContext(ev.TurnTaken(**HEAD, **fields), seq, 1, bus, 10.0, clock=lambda: 10.25)
