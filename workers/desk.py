"""Blocking engines behind the event loop: a fixed number of threads, urgent work first."""

from __future__ import annotations

import asyncio
import heapq
import itertools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from workers.stage import EngineHungError

_T = TypeVar("_T")

AWAKE_S = 0.5
"""A process that was asleep finds its time is up and its thread about to finish: wait for that."""


class Desk:
    """*places* calls of an engine at once; the rest wait, the urgent ones in front.

    Of several places one is kept for urgent work (rank 0): what can wait never makes it wait.
    """

    def __init__(self, places: int, *, limit_s: float) -> None:
        self._threads = ThreadPoolExecutor(places, thread_name_prefix="engine")
        self._free = places
        self._kept = 1 if places > 1 else 0
        self._limit_s = limit_s
        self._waiting: list[tuple[int, int, asyncio.Future[None]]] = []
        self._since: dict[asyncio.Future[None], float] = {}
        """When urgent work began to wait, s on the loop's clock."""
        self._order = itertools.count()

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    @property
    def wait_ms(self) -> int:
        """How long urgent work (rank 0) has waited for a place."""
        oldest = min(self._since.values(), default=None)
        if oldest is None:
            return 0
        return int((asyncio.get_running_loop().time() - oldest) * 1000)

    async def run(self, call: Callable[..., _T], *args: Any, rank: int = 0) -> _T:
        """Return what *call* returns; a smaller *rank* goes first.

        Raises:
            EngineHungError: it took longer than the limit; the thread is lost.
        """
        await self._take_place(rank)
        future = asyncio.get_running_loop().run_in_executor(self._threads, call, *args)
        future.add_done_callback(self._leave_place)
        # A thread cannot be stopped: a cancelled caller leaves, its place frees when it ends.
        for limit_s in (self._limit_s, AWAKE_S):
            done, _ = await asyncio.wait({future}, timeout=limit_s)
            if done:
                return future.result()
        raise EngineHungError

    async def _take_place(self, rank: int) -> None:
        if self._free > (self._kept if rank else 0):
            self._free -= 1
            return
        loop = asyncio.get_running_loop()
        turn = loop.create_future()
        heapq.heappush(self._waiting, (rank, next(self._order), turn))
        if rank == 0:
            self._since[turn] = loop.time()
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._leave_place(None)
            raise
        finally:
            self._since.pop(turn, None)

    def _leave_place(self, done: object) -> None:
        if isinstance(done, asyncio.Future) and not done.cancelled():
            done.exception()  # told to whoever still waits; nobody else need hear of it
        self._free += 1
        while self._waiting and self._free > (self._kept if self._waiting[0][0] else 0):
            _, _, turn = heapq.heappop(self._waiting)
            if not turn.done():
                self._free -= 1
                turn.set_result(None)
