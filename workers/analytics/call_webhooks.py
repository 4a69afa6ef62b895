"""Delivers the webhooks of calls: each signed message is posted until its receiver accepts it.

A slow receiver delays no other receiver and no tool: it gets a part of the deliveries at once, and
rests for a while after several failures in a row.
"""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from urllib.parse import urlsplit

import aiohttp
import msgspec

from runtime import envelopes
from runtime.bus.connection import Bus
from runtime.bus.jobs import Jobs
from runtime.process.version import version
from runtime.settings import Settings
from schemas.events import WebhookRequested
from workers.analytics.runner import Runner
from workers.analytics.subscribers import (
    Context,
    GiveUp,
    Handler,
    Opens,
    RetryLater,
    Subscriber,
    opening,
)
from workers.analytics.webhook import LONGEST_BACKOFF_S, MOST_DELIVERY_TRIES, keys_of, post

CONSUMER = "HOOK"
"""The durable consumer; `nats/consumers` declares it."""
MOST_POSTS_AT_ONCE = 128
"""The most deliveries at once, to all receivers."""
MOST_DELIVERIES_PER_RECEIVER = 32
"""The most deliveries to one receiver at once."""
BUSY_S = 1.0
"""The delay of a message while its receiver has the most deliveries."""
WEBHOOK_TIMEOUT_S = 10.0
REST_S = 5.0
AWAY_AFTER_FAILURES = 3
"""The failures in a row after which a receiver gets nothing for REST_S."""


class Receivers:
    """The state of each receiving host. Times are monotonic seconds."""

    def __init__(self) -> None:
        self._busy = Counter[str]()
        self._silent = Counter[str]()
        """The number of failures in a row of each."""
        self._rests: dict[str, float] = {}
        """The end of each one's pause."""

    @contextmanager
    def delivering(self, url: str, now_s: float) -> Iterator[None]:
        """Count a delivery to *url* in the block.

        Raises:
            RetryLater: its receiver is paused or busy.
        """
        host = urlsplit(url).netloc
        if (rest_s := self._rests.get(host, now_s) - now_s) > 0:
            raise RetryLater(rest_s, "its receiver did not answer and is paused")
        self._rests.pop(host, None)
        if self._busy[host] >= MOST_DELIVERIES_PER_RECEIVER:
            raise RetryLater(BUSY_S, "its receiver is busy")
        self._busy[host] += 1
        try:
            yield
        finally:
            self._busy[host] -= 1
            if not self._busy[host]:
                del self._busy[host]

    def note_result(self, url: str, now_s: float, *, answer: bool) -> None:
        """Note whether the receiver of *url* gave an *answer*."""
        host = urlsplit(url).netloc
        if answer:
            self._silent.pop(host, None)
            return
        self._silent[host] += 1
        if self._silent[host] >= AWAY_AFTER_FAILURES:
            del self._silent[host]
            self._rests = {
                name: until_s for name, until_s in self._rests.items() if until_s > now_s
            }
            self._rests[host] = now_s + REST_S


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

            async def deliver(event: WebhookRequested) -> None:
                if not keys:
                    raise GiveUp("AURA_WEBHOOK_SECRET is missing: nothing is sent unsigned")
                body = body_of(event)
                head = envelopes.signed(event, body, keys, int(time.time()))
                with receivers.delivering(event.url, time.monotonic()):
                    answer = True
                    try:
                        await post(http, event.url, body, head)
                    except RetryLater as later:
                        answer = later.answered
                        raise
                    finally:
                        receivers.note_result(event.url, time.monotonic(), answer=answer)

            yield deliver

    return opens


def subscriber(settings: Settings) -> Subscriber:
    """Return the subscriber that delivers the messages.

    Raises:
        SettingsError: the secret that signs them is invalid.
    """
    secret = settings.webhook_secret.get_secret_value()
    made = opening(
        WebhookRequested,
        name="calls",
        calls_only=True,
        at_once=MOST_POSTS_AT_ONCE,
        tries=MOST_DELIVERY_TRIES,
        backoff_s=1.0,
        longest_backoff_s=LONGEST_BACKOFF_S,
    )
    return made(_opens(keys_of(secret) if secret else []))


async def deliver(
    bus: Bus, settings: Settings, delivering: Subscriber, stop: asyncio.Event
) -> None:
    """Deliver messages until *stop*."""
    jobs = Jobs(bus, CONSUMER, 2 * MOST_POSTS_AT_ONCE, wanted=delivering.types)
    await Runner(delivering, jobs).run(Context(bus, settings, CONSUMER), stop)
