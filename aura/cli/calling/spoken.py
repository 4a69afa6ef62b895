"""Speaks words in the voice of a running Aura, by its `/v1/audio/speech` (docs/speech-api.md)."""

from urllib.parse import urlsplit, urlunsplit

import aiohttp
import numpy as np

from aura.cli.calling.call_failures import refused
from aura.cli.running import CommandError
from runtime.audio.resampling import Resampler
from schemas.audio import RATE_HZ

SPEECH_PATH = "/v1/audio/speech"
ITS_RATE_HZ = 24_000
SPEECH_TIMEOUT_S = 60


def speech_url(url: str) -> str:
    """Return the speech endpoint of the edge at *url*, whose scheme may be ws or http."""
    parts = urlsplit(url if "://" in url else f"http://{url}")
    scheme = "https" if parts.scheme in {"https", "wss"} else "http"
    return urlunsplit((scheme, parts.netloc, SPEECH_PATH, "", ""))


async def spoken(text: str, url: str, token: str) -> bytes:
    """Return *text* spoken by the edge at *url*, s16le mono 16 kHz.

    Raises:
        CommandError: the edge does not answer, or refuses.
    """
    body = {"input": text, "response_format": "pcm", "model": "aura-speech", "voice": "default"}
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=SPEECH_TIMEOUT_S)) as http,
            http.post(
                speech_url(url), json=body, headers={"Authorization": f"Bearer {token}"}
            ) as answer,
        ):
            if answer.status != 200:
                raise CommandError(await _refusal(answer, url))
            pcm = await answer.read()
    except (aiohttp.ClientError, OSError, ValueError) as error:
        gone = isinstance(error, aiohttp.ClientPayloadError)
        raise CommandError(
            "the voice stopped in mid-sentence: run `aura workers` or `aura doctor` to see why"
            if gone
            else f"no edge answers at {url}: start one with `aura up`, or name one with --url"
        ) from error
    samples = np.frombuffer(pcm[: len(pcm) // 2 * 2], "<i2").astype(np.int16)
    resampled = Resampler(ITS_RATE_HZ, RATE_HZ).feed(samples, last=True)
    return resampled.astype("<i2").tobytes()


async def _refusal(answer: aiohttp.ClientResponse, url: str) -> str:
    """Return the reason of the refusal in *answer*."""
    if answer.status == 401:
        return "the token was refused: give a --token (or AURA_DEMO_TOKEN) that the edge accepts"
    try:
        message = str((await answer.json())["error"]["message"])
    except (aiohttp.ClientError, ValueError, KeyError, TypeError):
        return refused(url, answer.status, answer.headers.get("Retry-After"))
    return f"--say: {message} (HTTP {answer.status})"
