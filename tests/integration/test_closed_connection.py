"""A connection that is over leaves nothing to the garbage collector."""

from __future__ import annotations

import asyncio
import gc
import time
import weakref
from typing import Any

from edge.door.callers.auth import Caller
from edge.door.http.websockets import hold
from edge.door.limits.budgets import Budgets
from edge.door.limits.costs import Costs
from edge.door.limits.pace import Pace
from edge.door.limits.work_queue import WorkQueue
from edge.door.line.transport import LineTransport
from edge.door.opening.seat import Seat
from edge.door.state import Edge
from edge.protocols.client_protocol import Handshake
from edge.protocols.continuous import ContinuousProtocol
from runtime.bus.connection import Bus
from tests.edge_in_process import an_edge


async def leaves(edge: Edge) -> list[weakref.ref[Any]]:
    """Hold a connection whose client begins a session and leaves; return what it was made of."""
    with Budgets(Costs()).opened("203.0.113.1", time.monotonic()) as budget:
        line = LineTransport(Pace(budget, WorkQueue(), str))
        protocol = ContinuousProtocol(Handshake("conn_1"))
        seat = Seat(edge.seats, protocol, Caller("ann", "acme"), "203.0.113.1")
        holding = asyncio.create_task(hold(edge, line, seat))
        async with asyncio.timeout(20):
            while not (edge.open and next(iter(edge.open)).call_state):
                await asyncio.sleep(0.01)
        line.arrived(bytes(640))
        (connection,) = edge.open
        made_of = [weakref.ref(one) for one in (connection, line)]
        del connection
        line.left()
        await holding
        return made_of


async def test_nothing_of_a_closed_connection_waits_for_the_garbage_collector(bus: Bus) -> None:
    async with an_edge(bus) as edge:
        gc.collect()
        gc.disable()
        try:
            made_of = await leaves(edge)
            for _ in range(20):
                await asyncio.sleep(0.01)
            assert [one() for one in made_of] == [None, None]
        finally:
            gc.enable()
