"""Bodies of requests, read to their end, within a bound and a time."""

from __future__ import annotations

import asyncio

from aiohttp import web


class TooLongError(ValueError):
    """The body is longer than it may be."""


async def read_body(request: web.Request, most_bytes: int, seconds: float) -> bytes:
    """Return the body of *request*.

    Raises:
        TooLongError: it has more than *most_bytes*.
        TimeoutError: it has not come in *seconds*.
    """
    body = bytearray()
    async with asyncio.timeout(seconds):
        async for chunk in request.content.iter_any():
            body += chunk
            if len(body) > most_bytes:
                raise TooLongError
    return bytes(body)
