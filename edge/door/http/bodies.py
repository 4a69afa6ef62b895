"""Reads bodies of requests within limits of size and time."""

import asyncio
import time
from collections.abc import Awaitable, Callable

from aiohttp import web

from edge.door.limits.message_memory import RESERVATION_RETRY_S, Reservation

BODY_CHUNK_BYTES = 64 * 1024


class TooLongError(ValueError):
    """The body is too long."""


async def read_body(request: web.Request, most_bytes: int, seconds: float) -> bytes:
    """Return the body of *request*.

    Raises:
        TooLongError: it has more than *most_bytes*.
        TimeoutError: it was not complete within *seconds*.
    """
    body = bytearray()
    async with asyncio.timeout(seconds):
        async for chunk in request.content.iter_any():
            body += chunk
            if len(body) > most_bytes:
                raise TooLongError
    return bytes(body)


async def read_chunks(
    more: Callable[[int], Awaitable[bytes]], most_bytes: int, reservation: Reservation | None = None
) -> bytes:
    """Return all data of *more*, as far as *reservation* gets memory; None: without that limit.

    Raises:
        TooLongError: it has more than *most_bytes*.
        TimeoutError: it holds memory for too long while others wait.
    """
    found = bytearray()
    while chunk := await more(BODY_CHUNK_BYTES):
        if len(found) + len(chunk) > most_bytes:
            raise TooLongError
        if reservation:
            await _reserve(reservation, len(found) + len(chunk))
        found += chunk
    return bytes(found)


async def _reserve(reservation: Reservation, size: int) -> None:
    while not reservation.is_overdue(now_s := time.monotonic()):
        if reservation.reserve(size, now_s):
            return
        await asyncio.sleep(RESERVATION_RETRY_S)
    raise TimeoutError
