"""The webhook against a receiver that fails, asks for patience, and counts."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

from runtime.bus.connection import Bus
from runtime.settings import Settings
from schemas.events import AnswerHeard, TurnCommitted
from tests.at_work import until_all_done
from tests.aura_process import COMMAND
from tests.integration.subscriber_place import as_user, make_places
from tests.ports import free_ports

KEY = b"k" * 32
WHOSE: dict[str, Any] = {"tenant": "acme", "session": "s", "at_ms": 1_700_000_000_000}


class Receiver:
    """Answers with the statuses it is given, then 204; keeps what came."""

    def __init__(self, *statuses: int) -> None:
        self.statuses = list(statuses)
        self.came: list[tuple[dict[str, str], bytes]] = []
        self.port = free_ports()

    async def hook(self, request: web.Request) -> web.Response:
        self.came.append((dict(request.headers), await request.read()))
        status = self.statuses.pop(0) if self.statuses else 204
        return web.Response(status=status, headers={"Retry-After": "2"} if status == 429 else {})

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[Receiver]:
        app = web.Application()
        app.router.add_post("/hook", self.hook)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", self.port).start()
        yield self
        await runner.cleanup()

    async def until(self, count: int) -> None:
        async with asyncio.timeout(15):
            while len(self.came) < count:
                await asyncio.sleep(0.02)


@asynccontextmanager
async def worker(settings: Settings, port: int, **env: str) -> AsyncIterator[None]:
    secret = base64.b64encode(KEY).decode()
    given = {
        "AURA_WEBHOOK_URL": f"http://127.0.0.1:{port}/hook",
        "AURA_WEBHOOK_SECRET": f"whsec_{secret}",
        **env,
    }
    await make_places(settings, "--module", "workers.analytics.webhook", **given)
    process = await asyncio.create_subprocess_exec(
        *(*COMMAND, "worker", "analytics", "--module", "workers.analytics.webhook"),
        env={
            **os.environ,
            **as_user(settings),
            **given,
        },
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout
    while b"worker_ready" not in await process.stdout.readline():
        pass
    try:
        yield
    finally:
        process.terminate()
        assert await process.wait() == 0


def heard(turn: int) -> AnswerHeard:
    return AnswerHeard(**WHOSE, turn=turn, text="Paris.", complete=True, played_ms=900)


async def test_a_delivery_is_signed_and_repeated_until_it_is_taken(
    bus: Bus, settings: Settings
) -> None:
    async with Receiver(500, 429, 302).listening() as receiver, worker(settings, receiver.port):
        await bus.publish(heard(1))
        await receiver.until(4)
        await until_all_done(bus, "workers_analytics_webhook-webhook")
    assert len(receiver.came) == 4
    heads = [head for head, _ in receiver.came]
    assert len({head["webhook-id"] for head in heads}) == 1
    head, body = receiver.came[-1]
    content = f"{head['webhook-id']}.{head['webhook-timestamp']}.".encode() + body
    mac = base64.b64encode(hmac.new(KEY, content, hashlib.sha256).digest()).decode()
    assert head["webhook-signature"] == f"v1,{mac}"
    assert json.loads(body)["data"]["text"] == "Paris."
    assert head["Content-Type"] == "application/json"


async def test_cloud_events_of_the_chosen_types_only(bus: Bus, settings: Settings) -> None:
    chosen = {"AURA_WEBHOOK_FORMAT": "cloudevents", "AURA_WEBHOOK_EVENTS": "turn.committed"}
    async with Receiver(410).listening() as receiver, worker(settings, receiver.port, **chosen):
        await bus.publish(heard(1))
        for turn in (1, 2):
            await bus.publish(
                TurnCommitted(**WHOSE, turn=turn, text="?", confidence=1.0, speculative=False)
            )
        await receiver.until(2)
        await asyncio.sleep(1.5)
    assert len(receiver.came) == 2, "410 is final"
    assert {json.loads(body)["type"] for _, body in receiver.came} == {"aura.turn.committed"}
    assert {head["Content-Type"] for head, _ in receiver.came} == {"application/cloudevents+json"}


async def test_what_is_missing_is_said_in_one_line(settings: Settings) -> None:
    url = {"AURA_WEBHOOK_URL": "http://127.0.0.1:1/hook"}
    secret = {"AURA_WEBHOOK_SECRET": "whsec_" + base64.b64encode(KEY).decode()}
    for env, said in (
        ({}, "AURA_WEBHOOK_URL"),
        (url, "AURA_WEBHOOK_SECRET"),
        ({**url, "AURA_WEBHOOK_SECRET": "mine"}, "openssl"),
        ({**url, **secret, "AURA_WEBHOOK_EVENTS": "turn.comitted"}, "turn.committed"),
    ):
        process = await asyncio.create_subprocess_exec(
            *(*COMMAND, "worker", "analytics", "--module", "workers.analytics.webhook"),
            env={**os.environ, **as_user(settings), **env},
            stderr=asyncio.subprocess.PIPE,
        )
        _, error = await process.communicate()
        assert process.returncode == 78
        assert said in error.decode()
        assert len(error.splitlines()) == 1
