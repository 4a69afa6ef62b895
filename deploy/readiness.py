"""Waits until every edge reports all stages as ready, and tells which are missing."""

import asyncio
from collections.abc import Callable, Sequence

import aiohttp

from runtime.settings import SettingsError

READY_WITHIN_S = 180.0
"""The longest wait; the first start joins model files and checks them."""


async def wait_until_ready(
    urls: Sequence[str], say: Callable[[str], None], *, within_s: float = READY_WITHIN_S
) -> None:
    """Return when the edges at *urls* are healthy; *say* gets the missing parts now and then.

    Raises:
        SettingsError: a part did not become ready *within_s*.
    """
    loop = asyncio.get_running_loop()
    until_s, next_word_s = loop.time() + within_s, loop.time() + 5
    async with aiohttp.ClientSession() as http:
        for url in urls:
            while missing := await _missing(http, url):
                if loop.time() > next_word_s:
                    say(f"Waiting for {', '.join(missing)} ...")
                    next_word_s = loop.time() + 10
                if loop.time() > until_s:
                    raise SettingsError(f"{', '.join(missing)} did not get ready; see above")
                await asyncio.sleep(0.1)


async def _missing(http: aiohttp.ClientSession, url: str) -> list[str]:
    try:
        async with http.get(f"{url}/health", ssl=False) as answer:
            body = await answer.json()
    except (aiohttp.ClientError, ValueError, OSError):
        return [f"the edge on {url}"]
    services = body["services"]
    missing = {
        "the language model": services["ai_service"],
        "the recogniser": services["audio_processor"],
        "the voice": services["audio_pipeline"]
        or not (services["ai_service"] and services["audio_processor"]),
    }
    return [name for name, ready in missing.items() if not ready]
