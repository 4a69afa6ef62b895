"""The log of a session that is resumed while its former connection still decides."""

from __future__ import annotations

import pytest

from edge.core.session.history import fold
from edge.door.opening.resumed_log import MOST_READS, ResumedLog
from runtime.bus.errors import BusAwayError
from runtime.bus.reader import Stored
from schemas import codec
from schemas.events import (
    AnyEvent,
    Event,
    SessionEnded,
    SessionResumed,
    SessionStarted,
    TurnCommitted,
)
from schemas.session_config import SessionConfig
from tests.unit.runtime.stored_log import StoredLog, stored

CONFIG = SessionConfig()


def resumed(connection: str, at_ms: int = 50) -> SessionResumed:
    return SessionResumed(
        tenant="t", session="s", at_ms=at_ms, edge="e", connection=connection, config=CONFIG
    )


def committed(turn: int, text: str) -> TurnCommitted:
    return TurnCommitted(
        tenant="t", session="s", at_ms=40, turn=turn, text=text, confidence=1.0, speculative=False
    )


STARTED = SessionStarted(
    tenant="t", session="s", at_ms=1, user="ada", protocol="x", edge="e", config=CONFIG
)
ENDED = SessionEnded(tenant="t", session="s", at_ms=60, reason="caller_left", turns=1)


class RacedLog(StoredLog):
    """A log in which others store events around each of ours."""

    def __init__(self, *events: tuple[int, Event]) -> None:
        super().__init__(*events)
        self.before: list[AnyEvent] = []
        """The events that others store just before the next one of ours."""
        self.after: list[AnyEvent] = []
        """The events that others store just after it."""
        self.is_behind = 0
        """The number of reads for which the server that answers lacks the newest event."""

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

    async def read(self, stream: str, subject: str, *, after: int = 0) -> list[Stored]:
        found = await super().read(stream, subject, after=after)
        if self.is_behind:
            self.is_behind -= 1
            return found[:-1]
        return found


async def a_log(bus: RacedLog) -> ResumedLog:
    """Return the log of a session, read so far."""
    log = ResumedLog(bus, "t", "s", read_again_s=0)
    await log.read()
    log.history = fold(log.events)
    return log


async def test_what_the_former_connection_decided_meanwhile_is_part_of_the_history() -> None:
    bus = RacedLog((1, STARTED))
    log = await a_log(bus)
    bus.before, bus.after = [committed(1, "Hi?")], [committed(2, "too late")]
    assert await log.begin(resumed("conn_1"), codec.encode) == resumed("conn_1")
    assert log.history.unfinished is not None
    assert log.history.unfinished.caller_words == "Hi?"
    assert [type(one.event()) for one in bus.stored] == [
        SessionStarted,
        TurnCommitted,
        SessionResumed,
        TurnCommitted,
    ]


async def test_an_event_that_was_just_stored_is_waited_for() -> None:
    bus = RacedLog((1, STARTED))
    log = await a_log(bus)
    bus.before, bus.is_behind = [committed(1, "Hi?")], 2
    await log.begin(resumed("conn_1"), codec.encode)
    assert log.history.unfinished is not None


async def test_an_event_that_no_server_has_ends_the_wait() -> None:
    bus = RacedLog((1, STARTED))
    log = await a_log(bus)
    bus.is_behind = MOST_READS
    with pytest.raises(BusAwayError, match="cannot be read"):
        await log.begin(resumed("conn_1"), codec.encode)


@pytest.mark.parametrize("is_read", [False, True])
async def test_two_connections_of_one_moment_have_an_event_each(*, is_read: bool) -> None:
    bus = RacedLog((1, STARTED))
    if is_read:
        bus.stored.append(stored(2, resumed("conn_1")))
    log = await a_log(bus)
    bus.before = [resumed("conn_1"), ENDED]
    began = await log.begin(resumed("conn_2"), codec.encode)
    assert began.at_ms > resumed("conn_1").at_ms
    assert began == bus.stored[-1].event()
    connections = log.history.spend.connections
    assert connections.ended is not None, "the end of the other one is part of the history"
