"""Messages to applications: delivered by the tool runner's user, signed, retried, not held up."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

from runtime.bus.connection import Bus, connect
from runtime.settings import Settings, load
from schemas import subjects
from schemas.events import WebhookRequested
from tests.at_work import until_all_done
from tests.integration.test_webhook import KEY, Receiver
from tests.nats_server import NatsServer
from workers.analytics import call_webhooks
from workers.analytics.call_webhooks import MOST_POSTS_AT_ONCE
from workers.analytics.receivers import BUSY_S

SECRET = "whsec_" + base64.b64encode(KEY).decode()


def requested(port: int, number: int, session: str = "s", **data: Any) -> WebhookRequested:
    return WebhookRequested(
        tenant="acme",
        session=session,
        at_ms=1_700_000_000_000,
        number=number,
        url=f"http://127.0.0.1:{port}/hook",
        moment="call.turn",
        data=data,
    )


def settings_of(server: NatsServer, secret: str = SECRET) -> Settings:
    password = server.url_of("tool").partition("//tool:")[2].partition("@")[0]
    return load(
        nats_url=server.bare_url,
        nats_user="tool",
        nats_password=password,
        webhook_secret=secret,
        _env_file=None,
    )


@asynccontextmanager
async def delivering(settings: Settings) -> AsyncIterator[None]:
    stop = asyncio.Event()
    async with await connect(settings, "tool") as bus, asyncio.TaskGroup() as tasks:
        subscriber = call_webhooks.subscriber(settings)
        tasks.create_task(call_webhooks.deliver(bus, settings, subscriber, stop))
        try:
            yield
        finally:
            stop.set()


async def settled(bus: Bus) -> None:
    await until_all_done(bus, call_webhooks.CONSUMER)


async def test_a_message_is_signed_and_comes_once_more_where_it_was_not_taken(
    bus: Bus, nats_server: NatsServer
) -> None:
    async with Receiver(500).listening() as receiver:
        await bus.publish(requested(receiver.port, 0, caller="Hello."))
        await bus.publish(requested(receiver.port, 1, session="r_1"))  # a replay's
        async with delivering(settings_of(nats_server)):
            await receiver.until(2)
            await settled(bus)
    (first, _), (head, body) = receiver.came
    assert first["webhook-id"] == head["webhook-id"]
    content = f"{head['webhook-id']}.{head['webhook-timestamp']}.".encode() + body
    mac = base64.b64encode(hmac.new(KEY, content, hashlib.sha256).digest()).decode()
    assert head["webhook-signature"] == f"v1,{mac}"
    assert json.loads(body)["data"] == {
        "session": "s",
        "tenant": "acme",
        "number": 0,
        "caller": "Hello.",
    }


async def test_one_that_was_not_delivered_is_by_the_next_runner(
    bus: Bus, nats_server: NatsServer
) -> None:
    async with Receiver().listening() as receiver:
        async with delivering(settings_of(nats_server)):
            await asyncio.sleep(0.1)
        await bus.publish(requested(receiver.port, 0))
        async with delivering(settings_of(nats_server)):
            await receiver.until(1)
            await settled(bus)


class Hung(Receiver):
    """A receiver that does not answer before it is free."""

    def __init__(self) -> None:
        super().__init__()
        self.free = asyncio.Event()

    async def hook(self, request: web.Request) -> web.Response:
        await self.free.wait()
        return await super().hook(request)


async def test_a_receiver_that_hangs_holds_up_no_other(bus: Bus, nats_server: NatsServer) -> None:
    hung = Hung()
    async with hung.listening(), Receiver().listening() as good:
        for number in range(200):
            await bus.publish(requested(hung.port, number, session="bad"))
        async with delivering(settings_of(nats_server)):
            await asyncio.sleep(0.3)
            for number in range(20):
                await bus.publish(requested(good.port, number, session=f"good{number}"))
            async with asyncio.timeout(5):
                await good.until(20)
            hung.free.set()


async def test_a_wait_for_a_busy_receiver_is_no_try(bus: Bus, nats_server: NatsServer) -> None:
    """A message could be given up after eleven waits, without one request to its receiver."""
    hung, messages = Hung(), 3 * MOST_POSTS_AT_ONCE  # more than a runner has slots for
    async with hung.listening():
        for number in range(messages):
            await bus.publish(requested(hung.port, number))
        async with delivering(settings_of(nats_server)):
            await asyncio.sleep(2.5 * BUSY_S)
            info = await bus.api(f"CONSUMER.INFO.{subjects.EVENTS_STREAM}.{call_webhooks.CONSUMER}")
            assert (info["num_pending"], info["num_redelivered"]) == (0, 0)
            hung.free.set()
            async with asyncio.timeout(20):
                await hung.until(messages)
            await settled(bus)


async def test_nothing_is_sent_unsigned(bus: Bus, nats_server: NatsServer) -> None:
    async with Receiver().listening() as receiver:
        await bus.publish(requested(receiver.port, 0))
        async with delivering(settings_of(nats_server, secret="")):
            await settled(bus)
    assert not receiver.came
