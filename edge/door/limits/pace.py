"""Paces the work of a connection by its budget, and by a work queue that all connections share.

A connection *bursts* if it has sent more at once than a live caller does. Its work, and any long
piece of work, waits in the work queue of the edge. In each round of the event loop the queue begins
one piece: that of a connection that sends no more than a live caller, else that of the address that
has used it least. The queue has a fixed share of the loop, so a live call waits for one piece at
most. Where a hundred strangers send a little at the same moment, all but the first wait, too.
"""

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from edge.door.limits.allowance import Allowance
from edge.door.limits.connection_budget import ConnectionBudget
from edge.door.limits.fair_queue import FairQueue, Place

T = TypeVar("T")

PIECE_S = 0.001
"""Work after which others get the loop."""
ROUND_S = 0.005
"""The work of all connections in a round of the event loop after which the others wait."""
WAIT_S = 0.25
"""A wait is cut into such pieces."""
MOST_HELD_S = 10.0
"""The longest wait of audio for stages that are strained."""
QUEUE_SHARE, QUEUE_AT_ONCE_S = 0.5, 1.0
"""The work queue's share of the loop, and the seconds it may use at once (a minute's recording)."""
QUEUE_RESTS_S = 0.05
"""The longest rest between two pieces."""


class WorkQueue:
    """Begins one piece of waiting work in each round of the event loop."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """*clock* returns seconds."""
        self._clock = clock
        self._waiting: FairQueue[Callable[[], None]] = FairQueue()
        """At most a piece or two a connection, which begins no other before."""
        self._work = Allowance(QUEUE_AT_ONCE_S, QUEUE_SHARE, clock())
        self._begins: asyncio.Handle | None = None
        """The beginning of the next piece."""
        self._round_s = 0.0
        """The work in this round of the event loop."""
        self._round_ends: asyncio.Handle | None = None
        self._thread = ThreadPoolExecutor(1, "long-message")

    def call(self, address: str, piece: Callable[[], None], place: Place = Place.FAIR) -> None:
        """Have *piece* of *address*, which waits at *place*, called when it is its turn."""
        self._waiting.add(address, piece, place)
        if self._begins is None:
            self._begins = asyncio.get_running_loop().call_soon(self._next)

    async def turn(self, address: str, place: Place = Place.FAIR) -> None:
        """Wait at *place* for the turn of the piece that follows."""
        begun = asyncio.get_running_loop().create_future()
        self.call(address, lambda: None if begun.done() else begun.set_result(None), place)
        await begun

    async def off_loop(self, work: Callable[[], T]) -> tuple[T, float]:
        """Return the result of *work* and the seconds it took. The edge has one thread for it."""

        def timed() -> tuple[T, float]:
            began_s = self._clock()
            return work(), self._clock() - began_s

        return await asyncio.get_running_loop().run_in_executor(self._thread, timed)

    def worked(self, address: str, took_s: float) -> None:
        """Charge *address* for *took_s* seconds of work."""
        self._waiting.charge(address, took_s)
        self._work.borrow(took_s, self._clock(), QUEUE_RESTS_S)

    @property
    def round_is_full(self) -> bool:
        """Whether this round of the event loop has had its share of work."""
        return self._round_s > ROUND_S

    def count(self, took_s: float) -> None:
        """Count work in this round of the event loop."""
        self._round_s += took_s
        if self._round_ends is None:
            self._round_ends = asyncio.get_running_loop().call_soon(self._end_round)

    def _end_round(self) -> None:
        self._round_s, self._round_ends = 0.0, None

    def _next(self) -> None:
        loop = asyncio.get_running_loop()
        if wait_s := self._work.borrow(0.0, self._clock(), QUEUE_RESTS_S):
            self._begins = loop.call_later(wait_s, self._next)
            return
        piece = self._waiting.pop()
        try:
            piece()
        finally:
            self._begins = loop.call_soon(self._next) if self._waiting else None


def _nothing() -> bool:
    return False


class Pace:
    """The pace of one connection."""

    def __init__(
        self,
        budget: ConnectionBudget,
        queue: WorkQueue,
        strained: Callable[[], str],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Use *queue* for bursts; sound that is ahead waits while *strained* names a stage.

        *clock* returns seconds.
        """
        self.budget = budget
        self.clock = clock
        self._queue = queue
        self._strained = strained
        self.on_wait: Callable[[], None] | None = None
        """Called several times a second while the client is not read."""
        self.on_ahead: Callable[[], None] | None = None
        """Called when a check finds that far more has come than a live caller sends."""
        self.has_more: Callable[[], bool] = _nothing
        """Returns whether more has arrived than was processed."""
        self._since_s = 0.0
        """Work since other tasks last ran."""
        self._had_turn = False
        """Whether it had a turn in the queue since it last waited for its client."""

    def worked(self, since_s: float) -> None:
        """Charge the time of the loop since *since_s* (of `clock`)."""
        took_s = self.clock() - since_s
        self.budget.work_s += took_s
        self._since_s += took_s
        self._queue.count(took_s)

    async def off_loop(self, work: Callable[[], T]) -> T:
        """Return the result of *work*, which runs in a thread when it is its turn."""
        await self._queue.turn(self.budget.address)
        result, took_s = await self._queue.off_loop(work)
        self.budget.work_s += took_s
        self._queue.worked(self.budget.address, took_s)
        return result

    def check(self) -> float:
        """Return the seconds for which nothing may be read.

        Raises:
            OverBudgetError: the connection is to be closed.
        """
        if self.budget.is_small or self.budget.settle(now_s := self.clock()):
            return 0.0
        wait_s = self.budget.check(now_s)
        if self.budget.is_ahead and self.on_ahead:
            self.on_ahead()
        return wait_s

    def later(self, wait_s: float, piece: Callable[[], None]) -> None:
        """Call *piece* after *wait_s*, when it is its turn."""
        loop = asyncio.get_running_loop()
        if wait_s > 0:
            loop.call_later(min(wait_s, WAIT_S), piece)
        elif self.budget.load:
            self._charge()
            self._queue.call(self.budget.address, piece)
        else:
            loop.call_soon(piece)

    async def breathe(self) -> None:
        """Yield to other tasks if the work since the last yield was long.

        Strangers also wait where others have filled the round, but for one turn only.
        """
        crowded = (
            self._queue.round_is_full
            and self.budget.stranger
            and not self._had_turn
            and self.has_more()
        )
        if self.budget.load or self._since_s > PIECE_S or crowded:
            await self.wait_in_queue()

    async def turn(self, *, long: bool = False) -> None:
        """Wait until the next message may be processed; *long*: it takes more than PIECE_S.

        Raises:
            OverBudgetError: the connection is to be closed.
        """
        until_s = self.clock() + MOST_HELD_S
        while wait_s := self.check() or self._held_s(until_s):  # a debt is time
            if self.on_wait:
                self.on_wait()
            await asyncio.sleep(min(wait_s, WAIT_S))
        if not self.budget.load and not self.has_more():
            self._since_s = 0.0  # the reader now waits for the client, and others run
            self._had_turn = False
        if long:
            await self.wait_in_queue()
        else:
            await self.breathe()

    async def wait_in_queue(self) -> None:
        """Wait for a turn in the work queue."""
        self._charge()
        place = Place.FAIR if self.budget.load else Place.NEXT
        if place is Place.NEXT and not self.budget.stranger:
            place = Place.FIRST
        await self._queue.turn(self.budget.address, place)
        self._had_turn = True

    def _charge(self) -> None:
        self._queue.worked(self.budget.address, self._since_s)
        self._since_s = 0.0

    def _held_s(self, until_s: float) -> float:
        """Return the seconds for which sound that is ahead waits for the stages."""
        if not self.budget.is_ahead or not self.budget.is_held(strained=bool(self._strained())):
            return 0.0
        return max(0.0, until_s - self.clock())
