"""The log of a session that is resumed while its former connection still decides."""

from __future__ import annotations

import pytest
from msgspec import structs

from edge.core.session.history import fold
from edge.door.opening.resumed_log import ResumedLog
from schemas import codec
from schemas.events import (
    Event,
    SessionEnded,
    SessionResumed,
    SessionStarted,
    TurnCommitted,
)
from schemas.session_config import SessionConfig
from tests.unit.edge.door.opening.raced_log import RacedLog
from tests.unit.runtime.stored_log import stored

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


async def a_log(bus: RacedLog) -> ResumedLog:
    """Return the log of a session, read so far."""
    log = ResumedLog(bus, "t", "s")
    await log.read()
    log.history = fold(log.events)
    return log


async def test_what_the_former_connection_decided_meanwhile_is_part_of_the_history() -> None:
    bus = RacedLog((1, STARTED))
    log = await a_log(bus)
    bus.before, bus.after = [committed(1, "Hi?")], [committed(2, "too late")]
    began, _ = await log.begin(resumed("conn_1"), codec.encode)
    assert began == resumed("conn_1")
    assert log.history.unfinished is not None
    assert log.history.unfinished.caller_words == "Hi?"
    assert [type(one.event()) for one in bus.stored] == [
        SessionStarted,
        TurnCommitted,
        SessionResumed,
        TurnCommitted,
    ]


async def test_the_event_is_encoded_once_and_its_size_is_returned() -> None:
    bus = RacedLog((1, STARTED))
    log = await a_log(bus)
    encoded = []

    def encode(event: Event) -> bytes:
        encoded.append(codec.encode(event))
        return encoded[-1]

    _, size_bytes = await log.begin(resumed("conn_1"), encode)
    assert encoded == [bus.stored[-1].data]
    assert size_bytes == len(encoded[0])


async def test_a_session_that_was_hung_up_meanwhile_stays_ended() -> None:
    bus = RacedLog((1, STARTED))
    log = await a_log(bus)
    bus.before = [structs.replace(ENDED, reason="end_call")]
    await log.begin(resumed("conn_1"), codec.encode)
    again = ResumedLog(bus, "t", "s")
    await again.read()
    ended = fold(again.events).spend.connections.ended
    assert ended is not None
    assert (ended.reason, ended.connected_at_ms) == ("end_call", resumed("conn_1").at_ms)


@pytest.mark.parametrize("is_read", [False, True])
async def test_two_connections_of_one_moment_have_an_event_each(*, is_read: bool) -> None:
    bus = RacedLog((1, STARTED))
    if is_read:
        bus.stored.append(stored(2, resumed("conn_1")))
    log = await a_log(bus)
    bus.before = [resumed("conn_1"), ENDED]
    began, _ = await log.begin(resumed("conn_2"), codec.encode)
    assert began.at_ms > resumed("conn_1").at_ms
    assert began == bus.stored[-1].event()
    connections = log.history.spend.connections
    assert connections.ended is not None, "the end of the other one is part of the history"
