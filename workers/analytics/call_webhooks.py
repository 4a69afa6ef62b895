"""Delivers the webhooks of calls: each signed message is posted until its receiver accepts it.

A slow receiver delays no other receiver and no tool: `receivers.py` decides how long its messages
wait. A wait is no try of a message. The consumer bounds the messages that wait, to 10,000.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import aiohttp
import msgspec

from runtime import envelopes
from runtime.bus.connection import Bus
from runtime.bus.jobs import Jobs
from runtime.process.version import version
from runtime.settings import Settings
from schemas.events import WebhookRequested
from workers.analytics.receivers import Receivers
from workers.analytics.runner import Runner
from workers.analytics.subscribers import (
    Context,
    GiveUp,
    Handler,
    Opens,
    Postpone,
    RetryLater,
    Subscriber,
    opening,
)
from workers.analytics.webhook import RETRIES, keys_of, post

CONSUMER = "HOOK"
"""The durable consumer; `nats/consumers` declares it."""
MOST_POSTS_AT_ONCE = 128
"""The most deliveries at once, to all receivers."""
WEBHOOK_TIMEOUT_S = 10.0


def body_of(event: WebhookRequested) -> bytes:
    """Return the body of the message (Standard Webhooks)."""
    session_fields = {"session": event.session, "tenant": event.tenant, "number": event.number}
    return msgspec.json.encode(
        {
            "type": event.moment,
            "timestamp": envelopes.timestamp(event),
            "data": {**session_fields, **event.data},
        }
    )


def _opens(keys: list[bytes]) -> Opens:
    @asynccontextmanager
    async def opens(_: Context) -> AsyncIterator[Handler]:
        receivers = Receivers()
        async with aiohttp.ClientSession(
            timeout=aiohttp.ClientTimeout(total=WEBHOOK_TIMEOUT_S),
            headers={"Content-Type": "application/json", "User-Agent": f"Aura/{version()}"},
            cookie_jar=aiohttp.DummyCookieJar(),
            connector=aiohttp.TCPConnector(limit=MOST_POSTS_AT_ONCE),
        ) as http:

            async def send(event: WebhookRequested) -> None:
                if not keys:
                    raise GiveUp("AURA_WEBHOOK_SECRET is missing: nothing is sent unsigned")
                host = urlsplit(event.url).netloc
                if (wait_s := receivers.begin(host, time.monotonic())) > 0:
                    raise Postpone(wait_s)
                answered = True
                try:
                    body = body_of(event)
                    headers = envelopes.signed(event, body, keys, int(time.time()))
                    await post(http, event.url, body, headers)
                except RetryLater as later:
                    answered = later.answered
                    raise
                finally:
                    receivers.end(host, time.monotonic(), answered=answered)

            yield send

    return opens


def subscriber(settings: Settings) -> Subscriber:
    """Return the subscriber that delivers the messages.

    Raises:
        SettingsError: the secret that signs them is invalid.
    """
    made = opening(
        WebhookRequested,
        name="calls",
        calls_only=True,
        at_once=MOST_POSTS_AT_ONCE,
        **RETRIES,
    )
    return made(_opens(keys_of(settings.webhook_secret, "AURA_WEBHOOK_SECRET")))


async def deliver(
    bus: Bus, settings: Settings, delivering: Subscriber, stop: asyncio.Event
) -> None:
    """Deliver messages until *stop*."""
    jobs = Jobs(bus, CONSUMER, 2 * MOST_POSTS_AT_ONCE, wanted=delivering.types)
    await Runner(delivering, jobs).run(Context(bus, settings, CONSUMER), stop)
