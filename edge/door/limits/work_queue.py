"""The work queue of an edge: a little of the waiting work begins in each round of the event loop.

`work_order.py` decides which; this file calls it.
"""

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from edge.door.limits.work_order import Place, WorkOrder

T = TypeVar("T")
ROUND_S = 0.005
"""The work, s, in a round of the event loop after which other work waits for the next round."""


class LoopRound:
    """Counts the work of the round that runs now."""

    def __init__(self) -> None:
        self._work_s = 0.0
        self._ends: asyncio.Handle | None = None

    @property
    def is_full(self) -> bool:
        """Whether this round has had its share of work."""
        return self._work_s > ROUND_S

    def count(self, took_s: float) -> None:
        """Count *took_s* seconds of work in this round."""
        self._work_s += took_s
        if self._ends is None:
            self._ends = asyncio.get_running_loop().call_soon(self._end)

    def _end(self) -> None:
        self._work_s, self._ends = 0.0, None


class WorkQueue:
    """Begins waiting work."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """*clock* returns seconds."""
        self.round = LoopRound()
        self._clock = clock
        self._order: WorkOrder[Callable[[], None]] = WorkOrder(clock())
        self._rest: asyncio.TimerHandle | None = None
        """The end of the latest rest."""
        self._thread = ThreadPoolExecutor(1, "long-message")

    def put(self, address: str, piece: Callable[[], None], place: Place = Place.FAIR) -> None:
        """Queue *piece* of *address* at *place*; it is called when it is next."""
        if self._order.add(address, piece, place):
            if self._rest:
                self._rest.cancel()
            asyncio.get_running_loop().call_soon(self._begin)

    async def wait(self, address: str, place: Place = Place.FAIR) -> None:
        """Wait at *place* until the piece that follows may begin."""
        may_begin = asyncio.get_running_loop().create_future()
        self.put(address, lambda: None if may_begin.done() else may_begin.set_result(None), place)
        await may_begin

    async def off_loop(self, work: Callable[[], T]) -> tuple[T, float]:
        """Return the result of *work* and its CPU seconds. The edge has one thread for it."""

        def timed() -> tuple[T, float]:
            began_s = time.thread_time()
            return work(), time.thread_time() - began_s

        return await asyncio.get_running_loop().run_in_executor(self._thread, timed)

    def worked(self, address: str, took_s: float) -> None:
        """Charge *address* for *took_s* seconds of work."""
        self._order.worked(address, took_s, self._clock())

    def _begin(self) -> None:
        """Begin the pieces of this round, and see to the next."""
        loop, now_s = asyncio.get_running_loop(), self._clock()
        if wait_s := self._order.rest(now_s):
            self._rest = loop.call_later(wait_s, self._wake)
            return
        try:
            for piece in self._order.round(now_s):
                piece()
        finally:
            if self._order.end_round(now_s):
                loop.call_soon(self._begin)

    def _wake(self) -> None:
        """Begin the next pieces: the rest is over."""
        self._order.wake()
        self._begin()
