"""Reads bodies of requests within limits of size and time."""

import asyncio
import time
from collections.abc import Awaitable, Callable

from aiohttp import web

from edge.door.limits.message_room import Place

CHUNK_BYTES = 64 * 1024
ROOM_S = 0.1
"""The interval of checks for room."""


class TooLongError(ValueError):
    """The body is too long."""


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


async def read_chunks(
    more: Callable[[int], Awaitable[bytes]], most_bytes: int, place: Place | None = None
) -> bytes:
    """Return all data of *more*, read as far as *place* has room; None: without that limit.

    Raises:
        TooLongError: it has more than *most_bytes*.
        TimeoutError: it keeps its place for too long while others wait.
    """
    found = bytearray()
    while chunk := await more(CHUNK_BYTES):
        if len(found) + len(chunk) > most_bytes:
            raise TooLongError
        if place:
            await _room_for(place, len(found) + len(chunk))
        found += chunk
    return bytes(found)


async def _room_for(place: Place, size: int) -> None:
    while not place.is_overdue(now_s := time.monotonic()):
        if place.take(size, now_s):
            return
        await asyncio.sleep(ROOM_S)
    raise TimeoutError
