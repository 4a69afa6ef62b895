"""Waiting until an edge says that every stage is there, and saying what is waited for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import aiohttp

from runtime.settings import SettingsError

READY_WITHIN_S = 180.0
"""The first start joins model files and checks them."""


async def wait_until_ready(url: str, say: Callable[[str], None]) -> None:
    """Return when the edge at *url* is healthy; *say* gets what is missing, now and then.

    Raises:
        SettingsError: something did not get ready.
    """
    loop = asyncio.get_running_loop()
    until, next_word = loop.time() + READY_WITHIN_S, loop.time() + 5
    async with aiohttp.ClientSession() as http:
        while missing := await _missing(http, url):
            if loop.time() > next_word:
                say(f"Waiting for {', '.join(missing)} ...")
                next_word = loop.time() + 10
            if loop.time() > until:
                raise SettingsError(f"{', '.join(missing)} did not get ready; see above")
            await asyncio.sleep(0.1)


async def _missing(http: aiohttp.ClientSession, url: str) -> list[str]:
    try:
        async with http.get(f"{url}/health", ssl=False) as answer:
            body = await answer.json()
    except (aiohttp.ClientError, ValueError, OSError):
        return ["the edge"]
    services = body["services"]
    missing = {
        "the language model": services["ai_service"],
        "the recogniser": services["audio_processor"],
        "the voice": services["audio_pipeline"]
        or not (services["ai_service"] and services["audio_processor"]),
    }
    return [name for name, there in missing.items() if not there]
