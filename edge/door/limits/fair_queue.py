"""Who is next where many wait for the same: the address that has had the least. Pure.

Start-time fair queueing. Who waits begins where its address has come to, and never before where
the queue is: what an address did not use is not saved up.
"""

import heapq
import itertools
from collections.abc import Iterator
from typing import Generic, TypeVar

T = TypeVar("T")
MOST_ADDRESSES = 10_000
"""The most addresses that are remembered; those with the least use are forgotten first."""


class FairQueue(Generic[T]):
    """Waits of several addresses; what they cost is charged afterwards."""

    def __init__(self) -> None:
        self._waiting: list[tuple[float, int, T]] = []
        """A heap: where the wait begins, its number, what waits."""
        self._numbers = itertools.count()
        self._had: dict[str, float] = {}
        """Where each address has come to, in the unit of the costs."""
        self._now = 0.0
        """The beginning of the wait that ended last."""

    def __len__(self) -> int:
        return len(self._waiting)

    def __iter__(self) -> Iterator[T]:
        """Yield what waits, in no order."""
        return (waits for _, _, waits in self._waiting)

    def add(self, address: str, waits: T, *, uncharged: bool = False) -> None:
        """Add what *waits* where *address* has come to.

        *uncharged*: where the queue is, whatever the address has had.
        """
        had = 0.0 if uncharged else self._had.get(address, 0.0)
        heapq.heappush(self._waiting, (max(self._now, had), next(self._numbers), waits))

    def first(self) -> T:
        """Return what is next.

        Raises:
            IndexError: nothing waits.
        """
        return self._waiting[0][2]

    def pop(self) -> T:
        """Return what is next, which waits no more.

        Raises:
            IndexError: nothing waits.
        """
        start, _, waits = heapq.heappop(self._waiting)
        self._now = max(self._now, start)
        return waits

    def charge(self, address: str, cost: float) -> None:
        """Count what *address* has had."""
        self._had[address] = max(self._now, self._had.get(address, 0.0)) + cost
        if len(self._had) > MOST_ADDRESSES:
            self._had = {name: had for name, had in self._had.items() if had > self._now}

    def start_anew(self) -> None:
        """Forget what the addresses have had, which is right while nothing waits."""
        self._had.clear()
