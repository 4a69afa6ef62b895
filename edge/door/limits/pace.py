"""When the next piece of a connection's work may begin: its budget, kept by the event loop.

Work that is ahead of live speech goes through one lane an edge, a piece in each round of the loop:
however many connections are ahead, a live call waits for one piece of one of them.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable

from edge.door.limits.connection_budget import ConnectionBudget

PIECE_S = 0.002
"""Work after which others get the loop."""
WAIT_S = 0.25
"""A wait is cut into such pieces."""
MOST_HELD_S = 10.0
"""The longest wait of audio for stages that are strained."""


class Lane:
    """Lets one piece of work that is ahead begin in each round of the event loop."""

    def __init__(self) -> None:
        self._waiting: deque[Callable[[], None]] = deque()
        """At most a piece or two a connection, which begins no other before."""

    def call(self, piece: Callable[[], None]) -> None:
        """Have *piece* called when it is its turn."""
        self._waiting.append(piece)
        if len(self._waiting) == 1:
            asyncio.get_running_loop().call_soon(self._next)

    async def turn(self) -> None:
        """Wait for the turn of the piece that follows."""
        begun = asyncio.get_running_loop().create_future()
        self.call(lambda: None if begun.done() else begun.set_result(None))
        await begun

    def _next(self) -> None:
        piece = self._waiting[0]
        try:
            piece()
        finally:
            self._waiting.popleft()
            if self._waiting:
                asyncio.get_running_loop().call_soon(self._next)


class Pace:
    """One connection's: its budget, and the lane that it shares."""

    def __init__(self, budget: ConnectionBudget, lane: Lane, strained: Callable[[], str]) -> None:
        """Hold sound that is ahead while *strained* names a stage."""
        self.budget = budget
        self._lane = lane
        self._strained = strained
        self.on_wait: Callable[[], None] | None = None
        """Called while nothing is read, several times a second."""
        self._since_s = 0.0
        """Work since others last got the loop."""

    def worked(self, since_s: float) -> None:
        """Count the time of the loop since *since_s* (of `time.perf_counter`)."""
        took_s = time.perf_counter() - since_s
        self.budget.work_s += took_s
        self._since_s += took_s

    def look(self) -> float:
        """Return the seconds for which nothing may be read.

        Raises:
            OverBudgetError: the connection is to be closed.
        """
        return self.budget.look(time.monotonic())

    def later(self, wait_s: float, piece: Callable[[], None]) -> None:
        """Have *piece* called in *wait_s*, when it is its turn."""
        loop = asyncio.get_running_loop()
        if wait_s > 0:
            loop.call_later(min(wait_s, WAIT_S), piece)
        elif self.budget.is_ahead:
            self._lane.call(piece)
        else:
            loop.call_soon(piece)

    async def breathe(self) -> None:
        """Let others have the loop, if the work since they last had it was long."""
        if self.budget.is_ahead:
            self._since_s = 0.0
            await self._lane.turn()
        elif self._since_s > PIECE_S:
            self._since_s = 0.0
            await asyncio.sleep(0)

    async def turn(self) -> None:
        """Wait until the next message may be worked on.

        Raises:
            OverBudgetError: the connection is to be closed.
        """
        until_s = time.monotonic() + MOST_HELD_S
        while wait_s := self.look() or self._held_s(until_s):  # a debt is time
            if self.on_wait:
                self.on_wait()
            await asyncio.sleep(min(wait_s, WAIT_S))
        await self.breathe()

    def _held_s(self, until_s: float) -> float:
        """Return the seconds for which sound that is ahead waits for the stages."""
        if not self.budget.is_held(strained=bool(self._strained())):
            return 0.0
        return max(0.0, until_s - time.monotonic())
