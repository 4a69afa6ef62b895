"""The work queue of an edge: a little of the waiting work begins in each round of the event loop.

    IDLE --add--> BEGINS
    BEGINS --rest--> RESTS
    RESTS --wake--> BEGINS
    BEGINS --empty--> IDLE

A caller with a token who sends no more than a live caller does waits in a line of its own, which
has three of four pieces while anybody waits in it; all others wait in a second line. In each the
address that has used the queue least is next.

One piece begins in a round. While rounds and pieces are short more begin, so that a crowd is served
soon.
"""

import asyncio
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from enum import Enum, auto
from typing import TypeVar

from edge.door.limits.allowance import Allowance
from edge.door.limits.fair_queue import FairQueue
from edge.door.limits.loop_round import LoopRound
from runtime.moves import moved

T = TypeVar("T")

QUEUE_SHARE, QUEUE_AT_ONCE_S = 0.5, 1.0
"""The share of the loop for all but live callers, and the seconds that they may use at once."""
QUEUE_RESTS_S = 0.05
"""The longest rest between two of their pieces."""
LIVE_PIECES = 3
"""The pieces of live callers before one piece of the others, while both wait."""
SHORT_ROUND_S = 0.006
"""The longest short round."""
MOST_PIECES = 4
"""The most pieces that begin in a round."""
PIECES_S = 0.006
"""The most work of the pieces of a round, seconds, if they are as long as the recent ones."""
FORGET_SHARE = 0.1
"""The share by which the length of the recent pieces falls with each shorter one."""


class Place(Enum):
    """The place of a piece of work in the queue."""

    LIVE = auto()
    """In the line of live callers with a token."""
    NEXT = auto()
    """Next, whatever the use of its address: for live strangers, and for requests."""
    FAIR = auto()
    """By the use of its address."""


class QueuePhase(Enum):
    """What the queue does with its pieces."""

    IDLE = auto()
    """Nothing waits."""
    BEGINS = auto()
    """Pieces begin in the next round."""
    RESTS = auto()
    """Pieces begin after a rest; no live caller waits."""


class QueueMove(Enum):
    """The moves between phases."""

    ADD = auto()
    REST = auto()
    WAKE = auto()
    """The rest is over, or a live caller has come."""
    EMPTY = auto()


IDLE, BEGINS, RESTS = QueuePhase

QUEUE_MOVES: Mapping[tuple[QueuePhase, QueueMove], QueuePhase] = {
    (IDLE, QueueMove.ADD): BEGINS,
    (BEGINS, QueueMove.REST): RESTS,
    (RESTS, QueueMove.WAKE): BEGINS,
    (BEGINS, QueueMove.EMPTY): IDLE,
}


class WorkQueue:
    """Begins waiting work."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """*clock* returns seconds."""
        self.round = LoopRound()
        self._clock = clock
        self._live: FairQueue[Callable[[], None]] = FairQueue()
        self._others: FairQueue[Callable[[], None]] = FairQueue()
        """Each has a piece or two of a connection, which adds no other before they are done."""
        self._passed = 0
        """The pieces of live callers since the last piece of the others."""
        self._work = Allowance(QUEUE_AT_ONCE_S, QUEUE_SHARE, clock())
        self._phase = IDLE
        self._rest: asyncio.TimerHandle | None = None
        """The end of the latest rest."""
        self._pieces = 1
        """The pieces that begin in a round."""
        self._piece_s = 0.0
        """The length of the recent pieces: the longest counts, less with each one after it."""
        self._began_s: float | None = None
        """In BEGINS: the time of the last round; None in other phases and before the first one."""
        self._thread = ThreadPoolExecutor(1, "long-message")

    def put(self, address: str, piece: Callable[[], None], place: Place = Place.FAIR) -> None:
        """Queue *piece* of *address* at *place*; it is called when it is next."""
        if place is Place.LIVE:
            self._live.add(address, piece)
        else:
            self._others.add(address, piece, uncharged=place is Place.NEXT)
        if self._phase is IDLE:
            self._move(QueueMove.ADD)
            asyncio.get_running_loop().call_soon(self._begin)
        elif self._phase is RESTS and self._rest and place is Place.LIVE:
            self._rest.cancel()  # the others rest; a live caller does not
            self._move(QueueMove.WAKE)
            asyncio.get_running_loop().call_soon(self._begin)

    async def wait(self, address: str, place: Place = Place.FAIR) -> None:
        """Wait at *place* until the piece that follows may begin."""
        begun = asyncio.get_running_loop().create_future()
        self.put(address, lambda: None if begun.done() else begun.set_result(None), place)
        await begun

    async def off_loop(self, work: Callable[[], T]) -> tuple[T, float]:
        """Return the result of *work* and its CPU seconds. The edge has one thread for it."""

        def timed() -> tuple[T, float]:
            began_s = time.thread_time()
            return work(), time.thread_time() - began_s

        return await asyncio.get_running_loop().run_in_executor(self._thread, timed)

    def worked(self, address: str, took_s: float) -> None:
        """Charge *address* for *took_s* seconds of work."""
        for line in (self._live, self._others):
            line.charge(address, took_s)
        self._piece_s = max(took_s, self._piece_s * (1 - FORGET_SHARE))
        self._work.borrow(took_s, self._clock(), QUEUE_RESTS_S)

    def _begin(self) -> None:
        """Begin the pieces of this round, and see to the next."""
        loop, now_s = asyncio.get_running_loop(), self._clock()
        if not self._live and (wait_s := self._work.borrow(0.0, now_s, QUEUE_RESTS_S)):
            self._began_s = None
            self._move(QueueMove.REST)
            self._rest = loop.call_later(wait_s, self._wake)
            return
        self._pieces = self._fitting(now_s)
        try:
            for _ in range(min(self._pieces, len(self._live) + len(self._others))):
                self._pop()()
        finally:
            if self._live or self._others:
                self._began_s = now_s
                loop.call_soon(self._begin)
            else:
                self._began_s = None
                self._move(QueueMove.EMPTY)
            for line in (self._live, self._others):
                if not line:
                    line.start_anew()

    def _wake(self) -> None:
        """Begin the next pieces: the rest is over."""
        self._move(QueueMove.WAKE)
        self._begin()

    def _move(self, move: QueueMove) -> None:
        self._phase = moved(QUEUE_MOVES, self._phase, move)

    def _fitting(self, now_s: float) -> int:
        """Return the number of pieces for this round, by the length of the last round."""
        if self._began_s is None:
            return 1
        if now_s - self._began_s < SHORT_ROUND_S:
            return min(MOST_PIECES, self._pieces + 1, _most(self._piece_s))
        return min(max(1, self._pieces // 2), _most(self._piece_s))

    def _pop(self) -> Callable[[], None]:
        if self._live and (self._passed < LIVE_PIECES or not self._others):
            self._passed += 1
            return self._live.pop()
        self._passed = 0
        return self._others.pop()


def _most(piece_s: float) -> int:
    """Return the number of pieces of *piece_s* seconds that fit a round."""
    return max(1, int(PIECES_S / piece_s)) if piece_s else MOST_PIECES
