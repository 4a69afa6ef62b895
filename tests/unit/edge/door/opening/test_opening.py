"""A session opens with what its log says, also if that changes at the last moment."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
from nats.aio.client import Client

from edge.call.clock import now_ms
from edge.core.messages.client_commands import Begin
from edge.door.callers.auth import Caller
from edge.door.opening.opening import Opening
from edge.door.opening.resume import resumable
from edge.door.opening.seat import Seat
from edge.door.refusal import RefusedError
from edge.door.state import Edge
from edge.protocols.client_protocol import Handshake
from edge.protocols.continuous import ContinuousProtocol
from runtime.bus.connection import Bus
from schemas import events as ev
from schemas.agent import AgentUsed
from schemas.session_config import SessionConfig
from schemas.subjects import agent_key
from tests.edge_in_process import an_edge
from tests.unit.edge.door.opening.raced_log import RacedLog

HOST, COOK = AgentUsed(name="host", revision=1), AgentUsed(name="cook", revision=2)


def head(at_ms: int = 0) -> Any:
    return {"tenant": "acme", "session": "s", "at_ms": at_ms or now_ms()}


def started() -> ev.SessionStarted:
    config = SessionConfig()
    return ev.SessionStarted(
        **head(), user="ann", protocol="x", edge="e", config=config, agent=HOST
    )


def ended(began: ev.SessionStarted, reason: ev.EndReason) -> ev.SessionEnded:
    return ev.SessionEnded(**head(), reason=reason, turns=1, connected_at_ms=began.at_ms)


@pytest.fixture
async def edge() -> AsyncIterator[Edge]:
    """An edge with two agents, away from its bus."""
    async with an_edge(Bus(Client()), greeting="Welcome.") as edge:
        for used in (HOST, COOK):
            text = f"prompt: {used.name}'s"
            edge.agents.table.note(agent_key("acme", used.name), used.revision, text.encode())
        yield edge


async def opened(edge: Edge, log: RacedLog, begin: Begin | None = None) -> Opening:
    """Return the session that Ann resumes, or begins."""
    protocol = ContinuousProtocol(Handshake("conn_1", query={"session": "s"}))
    seat = Seat(replace(edge.seats, bus=log), protocol, Caller("ann", "acme"), "203.0.113.1")
    quota = edge.quotas.log.of(seat.address, stranger=False)
    return await edge.services.openings.open(begin or Begin(), seat, quota)


def prompt_of(opening: Opening) -> str:
    return opening.began.config.response.system_prompt


async def test_a_new_session_has_its_agent_and_is_stored_by_its_call(edge: Edge) -> None:
    log = RacedLog()
    opening = await opened(edge, log, Begin(agent="cook", greeting=True))
    assert isinstance(opening.began, ev.SessionStarted)
    assert (opening.began.agent, prompt_of(opening)) == (COOK, "cook's")
    assert (opening.unstored, opening.history, log.stored) == ([opening.began], None, [])


async def test_a_resumed_session_goes_on_with_its_agent(edge: Edge) -> None:
    log = RacedLog((1, started()))
    opening = await opened(edge, log)
    assert (prompt_of(opening), opening.unstored) == ("host's", [])
    assert log.stored[-1].event() == opening.began


async def test_a_transfer_at_the_last_moment_counts(edge: Edge) -> None:
    """The former connection stores it after the log was read, and stops at what we store."""
    log = RacedLog((1, started()))
    log.before = [ev.AgentChanged(**head(), agent=COOK, before="host@1")]
    opening = await opened(edge, log)
    assert opening.history is not None
    assert (prompt_of(opening), opening.history.agent) == ("cook's", COOK)
    assert log.stored[-1].event() == opening.began


async def test_a_session_that_is_hung_up_at_the_last_moment_is_over(edge: Edge) -> None:
    began = started()
    log = RacedLog((1, began))
    log.before = [ended(began, "end_call")]
    opening = await opened(edge, log)
    assert isinstance(opening.began, ev.SessionStarted)
    assert opening.began.session != "s"
    events = [one.event() for one in log.stored]
    assert isinstance(events[-1], ev.SessionEnded), "no list shows it as a running one"
    assert resumable(events, tenant="acme", user="ann", now_ms=now_ms()) is None


async def test_a_line_that_is_cut_at_the_last_moment_is_gone_on_with(edge: Edge) -> None:
    began = started()
    log = RacedLog((1, began))
    log.before = [ended(began, "caller_left")]
    assert (await opened(edge, log)).began.session == "s"


async def test_the_agent_of_a_session_must_exist(edge: Edge) -> None:
    with pytest.raises(RefusedError, match="no agent nobody"):
        await opened(edge, RacedLog(), Begin(agent="nobody"))
