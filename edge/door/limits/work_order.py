"""The order of an edge's waiting work: which piece is next, how many begin in a round. Pure.

    EMPTY --add--> BEGINS
    BEGINS --rest--> RESTS
    RESTS --wake--> BEGINS
    BEGINS --empty--> EMPTY

A caller with a token who sends no more than a live caller does waits in a line of its own, which
has three of four pieces while anybody waits in it; all others wait in a second line. In each the
address that has used the queue least is next.

One piece begins in a round. While rounds and pieces are short more begin, so that a crowd is served
soon. Times are seconds, and arguments.
"""

from collections.abc import Iterator, Mapping
from enum import Enum, auto
from typing import Generic, TypeVar

from edge.door.limits.allowance import Allowance
from edge.door.limits.fair_queue import FairQueue
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

    EMPTY = auto()
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


EMPTY, BEGINS, RESTS = QueuePhase

QUEUE_MOVES: Mapping[tuple[QueuePhase, QueueMove], QueuePhase] = {
    (EMPTY, QueueMove.ADD): BEGINS,
    (BEGINS, QueueMove.REST): RESTS,
    (RESTS, QueueMove.WAKE): BEGINS,
    (BEGINS, QueueMove.EMPTY): EMPTY,
}


class WorkOrder(Generic[T]):
    """The waiting pieces of all addresses, and their use of the event loop."""

    def __init__(self, now_s: float) -> None:
        self._live: FairQueue[T] = FairQueue()
        self._others: FairQueue[T] = FairQueue()
        """Each has a piece or two of a connection, which adds no other before they are done."""
        self._passed = 0
        """The pieces of live callers since the last piece of the others."""
        self._work = Allowance(QUEUE_AT_ONCE_S, QUEUE_SHARE, now_s)
        self._phase = EMPTY
        self._pieces = 1
        """The pieces that begin in a round."""
        self._piece_s = 0.0
        """The length of the recent pieces: the longest counts, less with each one after it."""
        self._began_s: float | None = None
        """In BEGINS: the time of the last round; None in other phases and before the first one."""

    def add(self, address: str, piece: T, place: Place) -> bool:
        """Add *piece* of *address* at *place*; return whether a round is to begin for it.

        Else one will: others wait already.
        """
        if place is Place.LIVE:
            self._live.add(address, piece)
        else:
            self._others.add(address, piece, uncharged=place is Place.NEXT)
        if self._phase is EMPTY:
            self._move(QueueMove.ADD)
            return True
        if self._phase is RESTS and place is Place.LIVE:  # the others rest; a live caller does not
            self.wake()
            return True
        return False

    def worked(self, address: str, took_s: float, now_s: float) -> None:
        """Charge *address* for *took_s* seconds of work."""
        for line in (self._live, self._others):
            line.charge(address, took_s)
        self._piece_s = max(took_s, self._piece_s * (1 - FORGET_SHARE))
        self._work.borrow(took_s, now_s, QUEUE_RESTS_S)

    def rest(self, now_s: float) -> float:
        """Rest until `wake` if the others have had their share; return the seconds, 0: none."""
        if self._live or not (wait_s := self._work.borrow(0.0, now_s, QUEUE_RESTS_S)):
            return 0.0
        self._began_s = None
        self._move(QueueMove.REST)
        return wait_s

    def wake(self) -> None:
        """End the rest."""
        self._move(QueueMove.WAKE)

    def round(self, now_s: float) -> Iterator[T]:
        """Yield the pieces that begin in this round."""
        self._pieces = self._fitting(now_s)
        for _ in range(min(self._pieces, len(self._live) + len(self._others))):
            yield self._pop()

    def end_round(self, now_s: float) -> bool:
        """Return whether a round follows the one that began at *now_s*: pieces wait."""
        waits = bool(self._live or self._others)
        self._began_s = now_s if waits else None
        if not waits:
            self._move(QueueMove.EMPTY)
        for line in (self._live, self._others):
            if not line:
                line.start_anew()
        return waits

    def _move(self, move: QueueMove) -> None:
        self._phase = moved(QUEUE_MOVES, self._phase, move)

    def _fitting(self, now_s: float) -> int:
        """Return the number of pieces for this round, by the length of the last round."""
        if self._began_s is None:
            return 1
        if now_s - self._began_s < SHORT_ROUND_S:
            return min(MOST_PIECES, self._pieces + 1, _most(self._piece_s))
        return min(max(1, self._pieces // 2), _most(self._piece_s))

    def _pop(self) -> T:
        if self._live and (self._passed < LIVE_PIECES or not self._others):
            self._passed += 1
            return self._live.pop()
        self._passed = 0
        return self._others.pop()


def _most(piece_s: float) -> int:
    """Return the number of pieces of *piece_s* seconds that fit a round."""
    return max(1, int(PIECES_S / piece_s)) if piece_s else MOST_PIECES
