"""Many who open a connection at once are taken one after the other."""

from __future__ import annotations

import asyncio
import time
from contextlib import AsyncExitStack

from aiohttp import web
from aiohttp.test_utils import TestServer

from edge.door.beginnings import Beginnings
from edge.door.limits.connection_budget import Budgets, Costs
from edge.door.limits.pace import Pace, WorkQueue
from edge.door.routes import accept
from edge.door.strict_websocket import StrictWebSocket
from tests.raw_websocket import upgraded

MANY = 30


async def test_a_few_handshakes_are_accepted_in_each_round_of_the_loop() -> None:
    beginnings, rounds, now = Beginnings(), list[int](), 0
    loop = asyncio.get_running_loop()
    arrived, gate = 0, asyncio.Event()

    def turn() -> None:
        nonlocal now
        now += 1
        loop.call_soon(turn)

    async def serve(request: web.Request) -> web.StreamResponse:
        nonlocal arrived
        arrived += 1
        if arrived == MANY:
            loop.call_soon(turn)
            gate.set()
        await gate.wait()
        with Budgets(Costs()).opened(str(arrived), time.monotonic()) as budget:
            ws = StrictWebSocket(Pace(budget, WorkQueue(), str), timeout=0.1)
            await accept(ws, request, beginnings)
            rounds.append(now)
            async for _ in ws.frames():
                pass
            return ws

    app = web.Application()
    app.router.add_get("/", serve)
    async with TestServer(app) as server, AsyncExitStack() as stack:
        url = str(server.make_url("/"))
        opening = (stack.enter_async_context(upgraded(url, "/")) for _ in range(MANY))
        await asyncio.gather(*opening)
    assert len(set(rounds)) > MANY / 2


async def test_who_leaves_while_it_waits_holds_nobody_up() -> None:
    beginnings = Beginnings()
    waiting = [asyncio.create_task(beginnings.turn()) for _ in range(MANY)]
    await asyncio.sleep(0)
    for task in waiting[:-1]:
        task.cancel()
    async with asyncio.timeout(1):
        await waiting[-1]
        await beginnings.turn()
