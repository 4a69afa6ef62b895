"""A seat is taken within the limits, and given back by who cannot use it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
from nats.aio.client import Client

from edge.call.clock import now_ms
from edge.door.callers.auth import Caller
from edge.door.limits.rate_limits import AddressRate
from edge.door.limits.session_rates import SessionRates
from edge.door.opening.seat import Seat, Seats
from edge.door.refusal import RefusedError
from edge.protocols.client_protocol import CloseCode, Handshake
from edge.protocols.continuous import ContinuousProtocol
from edge.protocols.conversational import ConversationalProtocol
from runtime.bus.connection import Bus
from runtime.bus.errors import BusAwayError
from runtime.bus.reader import Stored
from runtime.common_share import CommonShare
from schemas.events import SessionStarted
from schemas.session_config import SessionConfig
from tests.edge_in_process import an_edge
from tests.unit.edge.door.opening.raced_log import RacedLog

ANN = Caller("ann", "acme")


class AwayLog(RacedLog):
    """A log of which no server answers."""

    async def read(
        self, stream: str, subject: str, *, after: int = 0, at_least: int = 0
    ) -> list[Stored]:
        raise BusAwayError(f"{stream} {subject} {after} {at_least}")


@pytest.fixture
async def seats() -> AsyncIterator[Seats]:
    """Seats of an edge that is away from its bus, with a log of one session."""
    head: Any = {"tenant": "acme", "session": "s", "at_ms": now_ms()}
    began = SessionStarted(**head, user="ann", protocol="x", edge="e", config=SessionConfig())
    async with an_edge(Bus(Client())) as edge:
        yield replace(edge.seats, bus=RacedLog((1, began)))


def a_seat(seats: Seats, session: str = "", **own: Any) -> Seat:
    protocol = ContinuousProtocol(Handshake("conn_1", {"session": session}))
    return Seat(seats, protocol, ANN, "203.0.113.1", **own)


async def refusal(seat: Seat) -> RefusedError:
    with pytest.raises(RefusedError) as raised:
        await seat.take()
    return raised.value


async def test_a_new_session_has_an_id_of_its_own(seats: Seats) -> None:
    ids = {(await a_seat(seats).take())[0] for _ in range(3)}
    assert len(ids) == 3
    assert (await a_seat(seats, session="s_known").take())[0] != "s_known", "it is in no log"
    assert (await Seat(seats, a_seat(seats).protocol, ANN, "a", session="s_1").take())[0] == "s_1"


async def test_the_ids_of_the_sessions_of_one_connection_name_it(seats: Seats) -> None:
    seat = Seat(seats, ConversationalProtocol(Handshake("conn_7")), ANN, "203.0.113.1")
    assert (await seat.take())[0].startswith("session_conn_7_")


async def test_a_session_that_may_be_resumed_has_its_history(seats: Seats) -> None:
    session, log = await a_seat(seats, "s").take()
    assert session == "s"
    assert log is not None
    assert log.history.summary.user == "ann"


async def test_every_taken_seat_is_told(seats: Seats) -> None:
    taken: list[str] = []
    seat = a_seat(seats, on_taken=lambda: taken.append("taken"))
    await seat.take()
    await seat.take()
    assert len(taken) == 2


async def test_an_edge_that_drains_gives_no_seat(seats: Seats) -> None:
    refused = await refusal(a_seat(replace(seats, drains=lambda: True)))
    assert (refused.code, refused.close) == ("RESTARTING", CloseCode.SERVICE_RESTART)


async def test_while_a_stage_is_busy_only_sessions_that_are_resumed_go_on(seats: Seats) -> None:
    busy = replace(seats, full_stage=lambda *_: "stt", retry_after_s=7)
    refused = await refusal(a_seat(busy))
    assert refused.code == "OVERLOADED"
    assert "the stt stage is busy: try again in 7 s" in refused.details
    assert (await a_seat(busy, "s").take())[0] == "s"


async def test_an_address_begins_so_many_sessions_a_minute(seats: Seats) -> None:
    few = replace(seats, rates=SessionRates(AddressRate(1), CommonShare(9)))
    await a_seat(few).take()
    assert (await refusal(a_seat(few))).code == "RATE_LIMITED"


async def test_a_log_that_cannot_be_read_is_no_reason_for_a_new_session(seats: Seats) -> None:
    refused = await refusal(a_seat(replace(seats, bus=AwayLog()), "s"))
    assert refused.code == "BUS_AWAY"


async def refused_in(seat: Seat) -> None:
    async with seat.taken():
        assert seat._held is not None
        raise RefusedError("AGENT_UNKNOWN", "Unknown agent", "there is none")


async def test_a_session_that_is_refused_gives_its_seat_back(seats: Seats) -> None:
    seat = a_seat(seats)
    with pytest.raises(RefusedError, match="there is none"):
        await refused_in(seat)
    assert seat._held is None


async def test_a_session_keeps_its_seat_until_it_leaves(seats: Seats) -> None:
    seat = a_seat(seats)
    async with seat.taken():
        pass
    assert seat._held is not None
    await seat.give_back()
    assert seat._held is None
