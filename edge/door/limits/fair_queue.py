"""A queue that serves the address with the least use first (start-time fair queueing). Pure.

The use of an address is the sum of its costs. An address that waits again after a rest does not go
before all others: its use counts as no less than that of the item that was served last.
"""

import heapq
import itertools
from collections.abc import Iterator
from typing import Generic, TypeVar

from runtime.common_share import MOST_ADDRESSES

T = TypeVar("T")


class FairQueue(Generic[T]):
    """The waiting items of several addresses; the cost of an item is charged afterwards."""

    def __init__(self) -> None:
        self._waiting: list[tuple[float, int, T]] = []
        """A heap of (use of the address, number of the item, item)."""
        self._numbers = itertools.count()
        self._use: dict[str, float] = {}
        """The use of each address, in the unit of the costs."""
        self._served = 0.0
        """The use at which the last item was served; an address counts as having no less."""

    def __len__(self) -> int:
        return len(self._waiting)

    def __iter__(self) -> Iterator[T]:
        """Yield what waits, in no order."""
        return (waits for _, _, waits in self._waiting)

    def add(self, address: str, waits: T, *, uncharged: bool = False) -> None:
        """Add *waits* behind the items of addresses with less use.

        *uncharged*: the use of *address* does not count.
        """
        use = 0.0 if uncharged else self._use.get(address, 0.0)
        heapq.heappush(self._waiting, (max(self._served, use), next(self._numbers), waits))

    def first(self) -> T:
        """Return the next item.

        Raises:
            IndexError: no item waits.
        """
        return self._waiting[0][2]

    def pop(self) -> T:
        """Remove the next item and return it.

        Raises:
            IndexError: no item waits.
        """
        use, _, item = heapq.heappop(self._waiting)
        self._served = max(self._served, use)
        return item

    def charge(self, address: str, cost: float) -> None:
        """Add *cost* to the use of *address*."""
        self._use[address] = max(self._served, self._use.get(address, 0.0)) + cost
        if len(self._use) > MOST_ADDRESSES:
            self._use = {name: use for name, use in self._use.items() if use > self._served}

    def start_anew(self) -> None:
        """Forget the use of all addresses, which is right while no item waits."""
        self._use.clear()
