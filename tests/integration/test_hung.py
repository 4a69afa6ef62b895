"""A language model that falls silent: one of ours costs its process, a server's does not."""

from __future__ import annotations

import asyncio
import time

from aiohttp import web

from runtime.bus.connection import Bus
from schemas.events import Message
from tests.at_work import turn, until_logged
from workers.engines.llm.openai_compatible import HostedModel
from workers.engines.simulated import Fault, SimulatedLanguageModel
from workers.llm.stage import LlmStage
from workers.loop.worker_loop import HUNG_EXIT, Worker

LIMIT_S = 0.3
POISON = (Message("user", "poison"),)
"""What a faulty engine fails on."""


async def test_a_worker_whose_own_model_hangs_leaves_and_the_next_one_has_its_jobs(
    bus: Bus,
) -> None:
    hanging = SimulatedLanguageModel(first_ms=1, token_ms=1, fault=Fault("hang"))
    worker = Worker(bus, LlmStage(hanging, limit_s=LIMIT_S), 2, drain_s=2)
    for session in ("a", "b"):  # one for each of its two threads
        await bus.publish(turn(session, messages=POISON))
    exit_code = await asyncio.wait_for(worker.run(asyncio.Event()), 6)
    assert exit_code == HUNG_EXIT, "nobody told it to stop, so it asks to be replaced"

    stop = asyncio.Event()
    whole = LlmStage(SimulatedLanguageModel(first_ms=1, token_ms=1), limit_s=LIMIT_S)
    running = asyncio.create_task(Worker(bus, whole, 2, drain_s=1).run(stop))
    for session in ("a", "b"):
        await until_logged(bus, session, "say", "response.completed")
    stop.set()
    assert await running == 0


async def test_a_worker_whose_server_hangs_stays_and_tells_the_edge(bus: Bus) -> None:
    async def never(_request: web.Request) -> web.StreamResponse:
        await asyncio.Event().wait()
        raise AssertionError

    app = web.Application()
    app.router.add_post("/v1/chat/completions", never)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    model = HostedModel(model="m", base_url=url, read_s=30, retries=0)
    stop = asyncio.Event()
    worker = Worker(bus, LlmStage(model, limit_s=LIMIT_S), 2, drain_s=1)
    running = asyncio.create_task(worker.run(stop))
    try:
        await bus.publish(turn("a"))
        await until_logged(bus, "a", "out", "job.failed")
        assert not running.done()
    finally:
        stop.set()
        exit_code = await running
        await model.close()
        await runner.cleanup()
    assert exit_code == 0


async def test_a_process_that_slept_through_the_limit_still_takes_the_token(bus: Bus) -> None:

    stop = asyncio.Event()
    model = SimulatedLanguageModel(first_ms=150, token_ms=1)
    worker = Worker(bus, LlmStage(model, limit_s=LIMIT_S), 2, drain_s=1)
    running = asyncio.create_task(worker.run(stop))
    await bus.publish(turn("a"))
    await asyncio.sleep(0.1)
    time.sleep(LIMIT_S * 2)  # noqa: ASYNC251  # the loop sleeps as a stopped process does
    await until_logged(bus, "a", "say", "response.completed")
    stop.set()
    assert await running == 0
