"""Lets few connections and conversations begin in each round of the event loop.

Each takes about a millisecond. A hundred strangers who come at once would stop the loop, and with
it all calls, for a tenth of a second.
"""

import asyncio
import time
from collections import deque

EACH_S = 0.004
"""One begins in a round, and one more for each such part of the round before: a long round has much
other work, and whoever waits would wait for too long."""


class Beginnings:
    """The order in which connections and conversations begin: that of their coming."""

    def __init__(self) -> None:
        self._round_s: float | None = None
        """When this round began (`time.perf_counter`); None: nothing begins in it."""
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def turn(self) -> None:
        """Return when the caller may begin."""
        loop = asyncio.get_running_loop()
        if self._round_s is None:
            self._round_s = time.perf_counter()
            loop.call_soon(self._next_round)
            return
        begins = loop.create_future()
        self._waiting.append(begins)
        await begins

    def _next_round(self) -> None:
        before_s, self._round_s = self._round_s, time.perf_counter()
        left = 1 + int((self._round_s - (before_s or self._round_s)) / EACH_S)
        while self._waiting and left:
            begins = self._waiting.popleft()
            if not begins.done():  # it was cancelled
                begins.set_result(None)
                left -= 1
        if self._waiting or not left:
            asyncio.get_running_loop().call_soon(self._next_round)
        else:
            self._round_s = None
