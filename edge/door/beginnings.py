"""Lets a few connections and conversations begin in each round of the event loop.

Each takes about a millisecond. A hundred strangers who come at once would stop the loop, and with
it all calls, for a tenth of a second.
"""

import asyncio
from collections import deque

A_ROUND = 8
"""The most that begin in one round."""


class Beginnings:
    """The order in which connections and conversations begin: that of their coming."""

    def __init__(self) -> None:
        self._left = A_ROUND
        """How many may still begin in this round."""
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def turn(self) -> None:
        """Return when the caller may begin."""
        loop = asyncio.get_running_loop()
        if self._left == A_ROUND:
            loop.call_soon(self._next_round)
        if self._left:
            self._left -= 1
            return
        begins = loop.create_future()
        self._waiting.append(begins)
        await begins

    def _next_round(self) -> None:
        self._left = A_ROUND
        while self._waiting and self._left:
            begins = self._waiting.popleft()
            if not begins.done():  # it was cancelled
                begins.set_result(None)
                self._left -= 1
        if self._left < A_ROUND:
            asyncio.get_running_loop().call_soon(self._next_round)
