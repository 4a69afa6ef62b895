"""A tool runner on a real bus: webhooks, deadlines, schemas, and calls that must not run twice."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web

from runtime.bus.connection import Bus
from runtime.bus.delivery import Delivery
from runtime.bus.tool_services import ServiceCall, serving
from schemas import subjects
from schemas.events import ResponseCancelled, ToolBegun, ToolFailed, ToolRequested, ToolReturned
from schemas.tools import ToolConfig
from tests.ports import free_ports
from workers.loop.worker_loop import Worker
from workers.tools.backends import NatsBackend, WebhookBackend
from workers.tools.stage import ToolStage

KEY = b"k" * 32
SCHEMA = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
Result = ToolReturned | ToolFailed


class Runner:
    """A runner in this process, and the results that it tells."""

    def __init__(self, bus: Bus) -> None:
        self.bus = bus
        self.results: list[Result] = []
        self._turn = 0

    async def ask(
        self, tool: ToolConfig, arguments: str = "{}", *, age_ms: int = 0, wait: bool = True
    ) -> Result | None:
        self._turn += 1
        asked = ToolRequested(
            tenant="acme",
            session="s_1",
            at_ms=1_700_000_000_000,
            turn=self._turn,
            step=0,
            call=0,
            tool=tool,
            arguments=arguments,
            deadline_ms=1_700_000_000_000 + tool.timeout_ms - age_ms,
        )
        await self.bus.publish(asked)
        return await self.result(self._turn) if wait else None

    async def result(self, turn: int) -> Result:
        async with asyncio.timeout(20):
            while True:
                for one in self.results:
                    if one.turn == turn:
                        return one
                await asyncio.sleep(0.01)

    async def on_out(self, message: Delivery) -> None:
        event = message.event()
        if isinstance(event, ToolReturned | ToolFailed):
            self.results.append(event)


@pytest.fixture
async def runner(bus: Bus) -> AsyncIterator[Runner]:
    stage = ToolStage({"nats": NatsBackend(), "webhook": WebhookBackend([KEY])})
    stop, runner = asyncio.Event(), Runner(bus)
    async with bus.listening(subjects.live("acme", "s_1", "out"), runner.on_out):
        working = asyncio.create_task(Worker(bus, stage, 16, drain_s=1).run(stop))
        yield runner
        stop.set()
        assert await working == 0
        await stage.close()


Hook = Callable[[web.Request], Awaitable[web.Response]]


@asynccontextmanager
async def hooked(answer: Hook) -> AsyncIterator[str]:
    app = web.Application(client_max_size=1 << 20)
    app.router.add_post("/hook", answer)
    server, port = web.AppRunner(app, shutdown_timeout=0.1), free_ports()
    await server.setup()
    await web.TCPSite(server, "127.0.0.1", port).start()
    yield f"http://127.0.0.1:{port}/hook"
    await server.cleanup()


def webhook(target: str, **more: Any) -> ToolConfig:
    return ToolConfig(name="book", kind="webhook", target=target, **more)


async def test_a_webhook_is_signed_and_its_answer_is_the_result(runner: Runner) -> None:
    came: list[tuple[dict[str, str], bytes]] = []

    async def answer(request: web.Request) -> web.Response:
        came.append((dict(request.headers), await request.read()))
        return web.json_response({"booked": True})

    async with hooked(answer) as url:
        result = await runner.ask(webhook(url), '{"n": 1}')
    assert isinstance(result, ToolReturned)
    assert json.loads(result.result) == {"booked": True}
    ((head, body),) = came
    said = json.loads(body)
    assert said["data"]["arguments"] == {"n": 1}
    assert said["data"]["id"] == head["Idempotency-Key"] == "s_1.1.0.0"
    signed = f"{head['webhook-id']}.{head['webhook-timestamp']}.".encode() + body
    mac = base64.b64encode(hmac.new(KEY, signed, hashlib.sha256).digest()).decode()
    assert head["webhook-signature"] == f"v1,{mac}"


@pytest.mark.parametrize(
    ("status", "body", "reason"),
    [
        (500, b"down", "refused"),
        (302, b"", "refused"),
        (200, b"x" * 40_000, "invalid"),
        (200, b"\xff\xfe", "invalid"),
    ],
)
async def test_a_webhook_that_misbehaves_is_told(
    runner: Runner, status: int, body: bytes, reason: str
) -> None:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(status=status, body=body, headers={"Location": "http://[::1]/"})

    async with hooked(answer) as url:
        result = await runner.ask(webhook(url))
    assert isinstance(result, ToolFailed)
    assert result.reason == reason


async def test_an_address_where_nobody_listens_and_one_that_is_none(runner: Runner) -> None:
    for target in (f"http://127.0.0.1:{free_ports()}/", "nothing"):
        result = await runner.ask(webhook(target))
        assert isinstance(result, ToolFailed)
        assert result.reason in {"unknown", "unknown_outcome"}


async def test_a_slow_webhook_has_its_deadline_and_may_have_done_it(runner: Runner) -> None:
    async def answer(_: web.Request) -> web.Response:
        await asyncio.sleep(5)
        return web.Response()

    async with hooked(answer) as url:
        result = await runner.ask(webhook(url, timeout_ms=1500))
    assert isinstance(result, ToolFailed)
    assert result.reason == "timeout"
    assert "may have been done" in result.detail


async def test_a_call_that_waited_too_long_is_not_begun(runner: Runner) -> None:
    called: list[bytes] = []

    async def note(asked: ServiceCall) -> bytes:
        called.append(asked.arguments)
        return b"1"

    tool = ToolConfig(name="note", timeout_ms=1000)
    async with serving(runner.bus, [(tool, note)]):
        result = await runner.ask(tool, age_ms=1000)
        assert isinstance(result, ToolFailed)
        assert result.reason == "timeout"
        assert not called
        assert isinstance(await runner.ask(tool), ToolReturned)


@pytest.mark.parametrize(
    ("schema", "arguments", "says"),
    [
        (SCHEMA, '{"n": "two"}', "n: 'two' is not of type"),
        (SCHEMA, "{}", "required"),
        ({"type": 7}, "{}", "no JSON Schema"),
        ({"$ref": "http://127.0.0.1:9/elsewhere"}, "{}", "no JSON Schema"),
        ({"properties": {"n": {"pattern": "("}}}, '{"n": "x"}', "no JSON Schema"),
    ],
)
async def test_arguments_and_schemas_that_do_not_fit(
    runner: Runner, schema: dict[str, Any], arguments: str, says: str
) -> None:
    result = await runner.ask(ToolConfig(name="any", parameters=schema), arguments)
    assert isinstance(result, ToolFailed)
    assert result.reason == "invalid"
    assert says in result.detail


async def test_a_kind_that_this_runner_has_not_is_unknown(runner: Runner) -> None:
    result = await runner.ask(ToolConfig(name="show", kind="client"))
    assert isinstance(result, ToolFailed)
    assert result.reason == "unknown"


async def test_what_another_attempt_began_is_not_done_again(runner: Runner) -> None:
    """The mark of another runner is in the log before this one comes to the job."""
    calls: list[str] = []

    async def note(asked: ServiceCall) -> bytes:
        calls.append(asked.headers["Idempotency-Key"])
        return b"1"

    once, often = ToolConfig(name="once"), ToolConfig(name="often", idempotent=True)
    async with serving(runner.bus, [(once, note), (often, note)]):
        for turn in (1, 2):
            head: dict[str, Any] = {"tenant": "acme", "session": "s_1", "at_ms": 1, "turn": turn}
            await runner.bus.publish(ToolBegun(**head, step=0, call=0, runner="another"))
        first = await runner.ask(once)
        assert isinstance(first, ToolFailed)
        assert first.reason == "unknown_outcome"
        assert isinstance(await runner.ask(often), ToolReturned)
        assert isinstance(await runner.ask(once), ToolReturned)
    assert calls == ["s_1.2.0.0", "s_1.3.0.0"]


async def test_an_interruption_stops_what_may_be_cancelled_and_nothing_else(
    runner: Runner,
) -> None:
    began, may_end = asyncio.Event(), asyncio.Event()

    async def slow(_: ServiceCall) -> bytes:
        began.set()
        await may_end.wait()
        return b"1"

    stops = ToolConfig(name="stops", cancel=True, idempotent=True)
    goes_on = ToolConfig(name="goes-on")
    async with serving(runner.bus, [(stops, slow), (goes_on, slow)]):
        await runner.ask(stops, wait=False)
        await began.wait()
        await runner.ask(goes_on, wait=False)
        for turn in (1, 2):
            cancelled = ResponseCancelled(
                tenant="acme", session="s_1", at_ms=1, turn=turn, reason="interrupted"
            )
            await runner.bus.publish(cancelled)
        await asyncio.sleep(0.5)  # both are heard of
        may_end.set()
        assert isinstance(await runner.result(2), ToolReturned)
        await asyncio.sleep(0.3)
    assert [one.turn for one in runner.results] == [2]
