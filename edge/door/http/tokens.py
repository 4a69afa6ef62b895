"""The token of a request: whose it is, and the limit of wrong ones by address."""

import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from aiohttp import web

from edge.call import counters
from edge.door.http.middlewares import address_of
from edge.door.state import EDGE
from edge.protocols.client_protocol import bearer_in

T = TypeVar("T")


class BadTokenError(Exception):
    """The request has no valid token, or its address has shown too many invalid ones."""

    def __init__(self, wait_s: float = 0.0) -> None:
        super().__init__()
        self.wait_s = wait_s
        """The time until the address may show another token, seconds; 0: it may now."""


async def owner_of(request: web.Request, identify: Callable[[str], Awaitable[T | None]]) -> T:
    """Return the owner of the token in *request*, by *identify*; None counts as a wrong token.

    Raises:
        BadTokenError: it is nobody's, or the address must wait.
    """
    address, bad_tokens = address_of(request), request.app[EDGE].address_limits.bad_tokens
    if wait_s := bad_tokens.wait_s(address, time.monotonic()):
        counters.refused("tokens")
        raise BadTokenError(wait_s)
    owner = await identify(bearer_in(request.headers))
    if owner is None:
        bad_tokens.refuse_s(address, time.monotonic())
        raise BadTokenError
    return owner
