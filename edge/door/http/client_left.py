"""Ends the work for a client that has left: aiohttp would let it go on."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from aiohttp import web

from edge.door.http.plain_errors import PlainHandler
from runtime.tasks import scoped_task

T = TypeVar("T")


async def unless_left(request: web.Request, work: Coroutine[Any, Any, T]) -> T:
    """Return the result of *work*, which is cancelled once the connection of *request* is lost.

    Raises:
        ConnectionResetError: it is lost.
    """
    connection = request.protocol
    assert isinstance(connection, PlainHandler)  # noqa: S101  # `PlainServer` makes no others
    try:
        async with scoped_task(connection.lost.wait()) as left, scoped_task(work) as working:
            await asyncio.wait({left, working}, return_when=asyncio.FIRST_COMPLETED)
        if working.cancelled():
            raise ConnectionResetError("the client has left")
        return working.result()
    finally:
        del left, working  # else an error keeps the request's data until a garbage collection
