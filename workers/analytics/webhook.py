"""A shipped subscriber: sends events to an HTTP address, signed, with retries, at least once.

    export AURA_WEBHOOK_URL=https://crm.example/hooks AURA_WEBHOOK_SECRET=whsec_...
    aura worker analytics --module workers.analytics.webhook

AURA_WEBHOOK_EVENTS selects the events, AURA_WEBHOOK_FORMAT their format.
"""

import re
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import structlog
from pydantic import SecretStr

from runtime import envelopes
from runtime.process.version import version
from runtime.settings import Settings, SettingsError
from runtime.tls import goes_in_clear
from schemas.events import Event
from workers.analytics.subscribers import (
    Context,
    GiveUp,
    Handler,
    Opens,
    RetryLater,
    Subscriber,
    SubscriberError,
    opening,
)

log = structlog.get_logger(__name__)

DELIVERY_TIMEOUT_S = 15.0
MOST_DELIVERY_TRIES = 11
"""The most deliveries of one event, after delays of 1, 2, 4 ... 512 s: about 17 minutes."""
RETRIES: Mapping[str, Any] = {
    "tries": MOST_DELIVERY_TRIES,
    "backoff_s": 1.0,
    "longest_backoff_s": 900.0,
}
"""The options of a subscriber that delivers webhooks."""
HTTP_GONE = 410


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in {"http", "https"} and bool(parts.hostname)
    except ValueError:  # a bracket that is not closed
        return False


def subscribers(settings: Settings) -> list[Subscriber]:
    """Return the webhook that *settings* describe.

    Raises:
        SettingsError: no address, no secret, or unknown events.
    """
    url = settings.webhook_url
    if not _is_address(url):
        raise SettingsError("set AURA_WEBHOOK_URL to the http or https address for the events")
    if goes_in_clear(url):
        log.warning("webhook_in_clear", advice="the events hold callers' words: use https")
    if not (keys := keys_of(settings.webhook_secret, "AURA_WEBHOOK_SECRET")):
        raise SettingsError(f"AURA_WEBHOOK_SECRET is missing: {envelopes.HOW_TO}")
    types = [name.strip() for name in settings.webhook_events.split(",") if name.strip()]
    cloud = settings.webhook_format == "cloudevents"
    try:
        made = opening(*types, name="webhook", calls_only=True, at_once=8, **RETRIES)
    except SubscriberError as error:
        raise SettingsError(f"AURA_WEBHOOK_EVENTS: {error}") from error
    return [made(_opens(url, keys, cloud=cloud))]


def _opens(url: str, keys: list[bytes], *, cloud: bool) -> Opens:
    """Return the opener of the connection to *url*; *cloud*: events are sent as CloudEvents."""
    body_of = envelopes.cloud_event if cloud else envelopes.standard
    kind = "application/cloudevents+json" if cloud else "application/json"

    @asynccontextmanager
    async def opens(_: Context) -> AsyncIterator[Handler]:
        timeout = aiohttp.ClientTimeout(total=DELIVERY_TIMEOUT_S)
        headers = {"Content-Type": kind, "User-Agent": f"Aura/{version()}"}
        jar = aiohttp.DummyCookieJar()
        async with aiohttp.ClientSession(timeout=timeout, headers=headers, cookie_jar=jar) as http:

            async def send(event: Event) -> None:
                body = body_of(event)
                signed = envelopes.signed(event, body, keys, int(time.time()))
                await post(http, url, body, signed)

            yield send

    return opens


def retry_after_s(header_value: str) -> float:
    """Return the seconds in a Retry-After header, or 0 if it has none; dates are ignored."""
    return float(header_value) if re.fullmatch(r"[0-9]{1,9}", header_value) else 0.0


def keys_of(secret: SecretStr, setting: str) -> list[bytes]:
    """Return the keys that sign deliveries: those in *setting*, which may be empty.

    Raises:
        SettingsError: its value, *secret*, is invalid.
    """
    try:
        return envelopes.keys(secret.get_secret_value())
    except envelopes.SecretError as error:
        raise SettingsError(f"{setting} is {error}: {envelopes.HOW_TO}") from error


async def post(http: aiohttp.ClientSession, url: str, body: bytes, headers: dict[str, str]) -> None:
    """Deliver *body* once.

    Raises:
        RetryLater: the answer is no 2xx; redirects are not followed.
        GiveUp: the receiver wants no more events.
    """
    try:
        async with http.post(url, data=body, headers=headers, allow_redirects=False) as answer:
            status = answer.status
            wait = answer.headers.get("Retry-After", "")
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        raise RetryLater(0, f"no answer: {type(error).__name__}", answered=False) from error
    if status == HTTP_GONE:
        raise GiveUp("HTTP 410: the receiver wants no more events")
    if not 200 <= status < 300:
        raise RetryLater(retry_after_s(wait), f"HTTP {status}")
