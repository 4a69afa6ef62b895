"""Paces the work of a connection by its budget, and by a work queue that all connections share.

The work of a connection that *bursts*, and any long piece of work, waits in the work queue of the
edge (`work_queue.py`). If a hundred strangers send a little at the same moment, all but the first
wait, too. `pace_state.py` decides what waits; this file waits.
"""

import asyncio
import time
from collections.abc import Callable
from typing import Protocol, TypeVar
from weakref import ref

from edge.door.limits.connection_budget import ConnectionBudget
from edge.door.limits.pace_state import PaceState
from edge.door.limits.work_queue import WorkQueue

T = TypeVar("T")

WAIT_PIECE_S = 0.25
"""A wait is cut into such pieces."""
LONGEST_WAIT_OF_AUDIO_S = 10.0
"""The longest wait of audio for stages that are strained."""


class DataSource(Protocol):
    """Where the data of a connection come from."""

    def has_more(self) -> bool:
        """Return whether more has arrived than was processed."""

    def note_slowed(self) -> None:
        """Note that its client is not read for a moment."""


class Pace:
    """Carries out the pace of one connection: has it wait for as long as `PaceState` decides."""

    def __init__(
        self,
        budget: ConnectionBudget,
        queue: WorkQueue,
        strained: Callable[[], str],
        clock: Callable[[], float] = time.monotonic,
        work_clock: Callable[[], float] = time.thread_time,
    ) -> None:
        """Use *queue* for bursts; audio that is ahead waits while *strained* names a stage.

        *clock* returns seconds, and *work_clock* the CPU seconds of the event loop: while other
        processes had its core, no connection worked.
        """
        self.budget = budget
        self.clock, self.work_clock = clock, work_clock
        self._state = PaceState(budget)
        self._queue = queue
        self._strained = strained
        self._source: Callable[[], DataSource | None] = lambda: None
        """A weak reference: the source has this pace, and no cycle is to keep it in memory."""

    def read_from(self, source: DataSource) -> None:
        """Pace what comes from *source*, and tell it several times a second if it is not read."""
        self._source = ref(source)

    def worked(self, since_s: float) -> None:
        """Charge the time of the loop since *since_s* (of `work_clock`)."""
        took_s = self.work_clock() - since_s
        self._state.worked(took_s)
        self._queue.round.count(took_s)

    async def off_loop(self, work: Callable[[], T]) -> T:
        """Return the result of *work*, which runs in a thread when it is next."""
        await self._queue.wait(self.budget.address)
        result, took_s = await self._queue.off_loop(work)
        self.budget.spend_work(took_s)
        self._queue.worked(self.budget.address, took_s)
        return result

    def check(self) -> float:
        """Return the seconds for which nothing may be read.

        Raises:
            OverBudgetError: the connection is to be closed.
        """
        return self._state.check(self.clock())

    @property
    def is_round_full(self) -> bool:
        """Whether new data of strangers wait in the queue."""
        return self._queue.round.is_full

    def later(self, wait_s: float, piece: Callable[[], None]) -> None:
        """Call *piece* after *wait_s*, when it is next."""
        loop = asyncio.get_running_loop()
        if wait_s > 0:
            loop.call_later(min(wait_s, WAIT_PIECE_S), piece)
        elif self._state.queues:
            self._charge()
            self._queue.put(self.budget.address, piece, self._state.place)
        else:
            loop.call_soon(piece)

    async def breathe(self) -> None:
        """Let other tasks run if this connection is to."""
        full = self._queue.round.is_full
        if self._state.lets_others_run(round_is_full=full, has_more=self._has_more):
            await self.wait_in_queue()

    async def admit(self, *, long: bool = False) -> None:
        """Wait until the next message may be processed; *long*: it takes more than a millisecond.

        Raises:
            OverBudgetError: the connection is to be closed.
        """
        until_s = self.clock() + LONGEST_WAIT_OF_AUDIO_S
        while wait_s := self._state.wait_s(self.clock(), until_s, self._strained):
            if (source := self._source()) is not None:
                source.note_slowed()
            await asyncio.sleep(min(wait_s, WAIT_PIECE_S))
        if not self._has_more:
            self._state.caught_up()
        if long:
            await self.wait_in_queue()
        else:
            await self.breathe()

    async def wait_in_queue(self) -> None:
        """Wait in the work queue until it is next."""
        self._charge()
        await self._queue.wait(self.budget.address, self._state.place)
        self._state.waited()

    @property
    def _has_more(self) -> bool:
        return (source := self._source()) is not None and source.has_more()

    def _charge(self) -> None:
        self._queue.worked(self.budget.address, self._state.take_work())
