"""Reads bodies of requests within limits of size and time."""

import asyncio
import time
from collections.abc import Awaitable, Callable

from aiohttp import web

from edge.door.limits.message_memory import RESERVATION_RETRY_S, Reservation

BODY_CHUNK_BYTES = 64 * 1024


class TooLongError(ValueError):
    """The body is too long; the message says how long it may be."""


async def read_body(
    request: web.Request, most_bytes: int, seconds: float, reservation: Reservation | None = None
) -> bytes:
    """Return the body of *request*, read as `read_chunks` does.

    Raises:
        TooLongError: it has more than *most_bytes*.
        TimeoutError: it was not complete within *seconds*, or as `read_chunks`.
    """
    async with asyncio.timeout(seconds):
        return await read_chunks(request.content.read, most_bytes, reservation)


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
            raise TooLongError(f"The body has {most_bytes} bytes at most.")
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
