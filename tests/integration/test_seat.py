"""A seat: a session that several connections resume at once is decided by one of them."""

from __future__ import annotations

import asyncio

from edge.core.messages.client_commands import Begin
from edge.door.callers.auth import Caller
from edge.door.opening.opening import Opening
from edge.door.opening.seat import Seat
from edge.door.state import Edge
from edge.protocols.client_protocol import Handshake
from edge.protocols.continuous import ContinuousProtocol
from runtime.bus.connection import Bus
from schemas.events import RecordingConsented, SessionResumed
from schemas.subjects import EVENTS_STREAM, SEATS_STREAM, session_events
from tests.edge_in_process import an_edge


async def opened(edge: Edge, session: str = "", connection: int = 0) -> Opening:
    """Open a session on a connection of its own, or resume *session*."""
    protocol = ContinuousProtocol(Handshake(f"conn_{connection}", query={"session": session}))
    seat = Seat(edge.seats, protocol, Caller("ann", "acme"), "203.0.113.1")
    quota = edge.quotas.log.of(seat.address, stranger=False)
    return await edge.services.openings.open(Begin(), seat, quota)


async def test_connections_that_resume_a_session_at_once_each_have_an_event_of_their_own(
    bus: Bus,
) -> None:
    """With one event for two of them, neither would notice that the other takes over."""
    async with an_edge(bus, reconnects_per_minute=50, max_sessions_per_user=30) as edge:
        first = await opened(edge)
        await bus.publish(first.began)
        session = first.began.session
        resumed = await asyncio.gather(*(opened(edge, session, n + 1) for n in range(20)))
        assert all(isinstance(one.began, SessionResumed) for one in resumed)
    subject = session_events("acme", session, SessionResumed.KIND)
    stored = await bus.read(EVENTS_STREAM, subject)
    assert len(stored) == 1 + len(resumed)


async def test_a_session_is_resumed_without_the_bucket_of_the_seats(bus: Bus) -> None:
    """The log has it: a bucket that is full or lost leaves sessions uncounted, and ends none."""
    async with an_edge(bus) as edge:
        first = await opened(edge)
        await bus.publish(first.began)
        await bus.api(f"STREAM.DELETE.{SEATS_STREAM}")
        resumed = (await opened(edge, first.began.session)).began
    assert isinstance(resumed, SessionResumed)
    assert resumed.session == first.began.session


async def test_each_of_them_has_a_consent_of_its_own_if_it_is_recorded(bus: Bus) -> None:
    async with an_edge(
        bus, record_audio="always", reconnects_per_minute=50, max_sessions_per_user=30
    ) as edge:
        first = await opened(edge)
        await bus.publish(first.began)
        session = first.began.session
        resumed = await asyncio.gather(*(opened(edge, session, n + 1) for n in range(20)))
    assert all(isinstance(one.unstored[0], RecordingConsented) for one in resumed)
    assert len({one.unstored[0].id for one in resumed}) == len(resumed)
