"""A connection closes once, for one reason, which is also that of its session's end."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from nats.aio.client import Client

from edge.core.messages.client_events import Trouble
from edge.door.callers.auth import Caller
from edge.door.connection.connection import Connection
from edge.door.limits.budgets import Budgets
from edge.door.limits.costs import Costs
from edge.door.limits.pace import Pace
from edge.door.limits.work_queue import WorkQueue
from edge.door.line.transport import LineTransport
from edge.door.opening.seat import Seat
from edge.protocols.client_protocol import CloseCode, Handshake
from edge.protocols.continuous import ContinuousProtocol
from runtime.bus.connection import Bus
from schemas import events as ev
from tests.edge_in_process import an_edge
from tests.unit.edge.door.connection.test_connection_sessions import SlowBus

RESTARTS = (CloseCode.SERVICE_RESTART, "restarting")


class Line(LineTransport):
    """A client's line, which keeps what it is told last."""

    closed: tuple[int, str] | None = None

    def __init__(self, pace: Pace) -> None:
        super().__init__(pace)
        self.told: list[dict[str, Any]] = []

    async def send_str(self, data: str) -> None:
        self.told.append(json.loads(data))

    async def close(self, *, code: int, message: bytes) -> None:
        self.closed = code, message.decode()
        await super().close(code=code, message=message)


@dataclass
class Held:
    """A connection whose client begins a session at once."""

    line: Line
    connection: Connection
    bus: SlowBus
    running: asyncio.Task[None] = field(init=False)

    def __post_init__(self) -> None:
        self.running = asyncio.create_task(self.connection.run())

    async def until(self, condition: Callable[[], object]) -> None:
        async with asyncio.timeout(20):
            while not condition():
                await asyncio.sleep(0)

    async def begun(self) -> None:
        await self.until(lambda: self.line.told)

    async def over(self) -> tuple[int, str] | None:
        """Return the code and the reason of the close."""
        async with asyncio.timeout(20):
            await self.running
        return self.line.closed

    @property
    def reasons(self) -> list[str]:
        """The reasons for which its sessions ended; each has ended."""
        stored = self.bus.stored
        ended = [one.reason for one in stored if isinstance(one, ev.SessionEnded)]
        begun = [one for one in stored if isinstance(one, ev.SessionStarted)]
        assert len(begun) == len(ended)
        return [str(one) for one in ended]


@pytest.fixture
async def hold() -> AsyncIterator[Callable[..., Held]]:
    """Return a function that holds a connection with the query of its client."""
    with Budgets(Costs()).opened("203.0.113.1", time.monotonic()) as budget:
        async with an_edge(Bus(Client())) as edge:

            def hold(**query: str) -> Held:
                line, bus = Line(Pace(budget, WorkQueue(), str)), SlowBus()
                protocol = ContinuousProtocol(Handshake("conn_1", {"greeting": "0", **query}))
                seat = Seat(edge.seats, protocol, Caller("ann", "acme"), "203.0.113.1")
                quota = edge.quotas.log.of(seat.address, stranger=False)
                services = replace(edge.services, bus=bus)
                return Held(line, Connection(line, services, seat, quota), bus)

            yield hold


async def test_a_client_that_leaves_ends_its_session(hold: Callable[..., Held]) -> None:
    held = hold()
    await held.begun()
    assert held.connection.call_state is not None
    held.line.left()
    assert await held.over() == (CloseCode.NORMAL, "")
    assert held.reasons == ["caller_left"]
    assert held.connection.call_state is None


@pytest.mark.parametrize("rounds", range(20))
async def test_a_close_at_any_moment_of_the_opening_is_the_end_of_what_was_opened(
    hold: Callable[..., Held], rounds: int
) -> None:
    """A session that is begun is stored from its first event on, whatever ends it."""
    held = hold()
    for _ in range(rounds):
        await asyncio.sleep(0)
    held.connection.ask_to_reconnect("restarting")
    held.connection.expire()
    assert await held.over() == RESTARTS, "only the first reason counts"
    assert held.reasons in ([], ["drained"])


async def test_the_client_ends_the_call(hold: Callable[..., Held]) -> None:
    held = hold()
    await held.begun()
    held.line.arrived('{"type": "end_call"}')
    assert await held.over() == (CloseCode.NORMAL, "")
    assert held.reasons == ["end_call"]


async def test_an_edge_that_leaves_waits_for_a_call_that_its_client_ends(
    hold: Callable[..., Held],
) -> None:
    held = hold()
    await held.begun()
    held.bus.stores.clear()
    held.line.arrived('{"type": "end_call"}')
    await held.until(lambda: held.connection.call_state is None)
    held.connection.ask_to_reconnect("restarting")
    for _ in range(20):
        await asyncio.sleep(0)
    assert held.line.closed is None
    held.bus.stores.set()
    assert await held.over() == RESTARTS
    assert held.reasons == ["end_call"]


async def test_the_call_hangs_up_without_a_command_of_the_client(
    hold: Callable[..., Held],
) -> None:
    held = hold()
    await held.begun()
    held.connection.hang_up("", "")
    held.connection.hang_up("", "")
    assert await held.over() == (CloseCode.NORMAL, "")
    assert held.reasons == ["end_call"]


async def test_a_call_that_is_ended_by_a_limit_says_which(hold: Callable[..., Held]) -> None:
    held = hold()
    await held.begun()
    held.connection.hang_up("CALL_COST", "it cost enough")
    assert await held.over() == (CloseCode.NORMAL, "it cost enough")
    assert held.line.told[-1]["code"] == "CALL_COST"
    assert held.reasons == ["end_call"]


async def test_a_session_that_cannot_begin_closes_the_connection_that_is_for_it(
    hold: Callable[..., Held],
) -> None:
    held = hold(agent="nobody")
    assert await held.over() == (CloseCode.POLICY_VIOLATION, held.line.told[-1]["details"])
    assert held.line.told[-1]["code"] == "AGENT_UNKNOWN"
    assert held.reasons == []


async def test_a_stage_that_stays_down_ends_the_connection(hold: Callable[..., Held]) -> None:
    held = hold()
    await held.begun()
    held.connection.tell(Trouble("stt", "it does not answer"))
    assert held.connection.call_state is not None
    held.connection.tell(Trouble("stt", "it does not answer", fatal=True))
    code = ContinuousProtocol.admission.stage_close_codes["stt"]
    assert await held.over() == (code, "stt is down")
    assert held.reasons == ["failed"]


async def test_a_client_that_costs_too_much_is_closed(hold: Callable[..., Held]) -> None:
    held = hold()
    await held.begun()
    held.connection.cut_off("too many frames")
    assert await held.over() == (CloseCode.POLICY_VIOLATION, "too many frames")
    assert held.reasons == ["failed"]


async def test_a_connection_whose_task_is_cancelled_ends_its_session(
    hold: Callable[..., Held],
) -> None:
    held = hold()
    await held.begun()
    held.running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await held.over()
    await held.until(lambda: isinstance(held.bus.stored[-1], ev.SessionEnded))
    assert held.line.closed == (CloseCode.NORMAL, "")
    assert held.reasons == ["failed"]
