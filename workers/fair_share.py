"""The order of waiting work: equal shares for tenants, and inside a tenant for its sessions.

Fair queueing by start times (Goyal, Vin and Cheng 1996), in a tree of owners. An owner who had
nothing to do gets no more than its share afterwards. Pure.
"""

from collections.abc import Iterator

Owner = tuple[str, ...]
"""The path in the tree: tenant, session."""
MOST_OWNERS = 1000
"""The number of owners above which those who had no more than others are forgotten."""


class FairShare:
    """What each owner was given, in the cost of its work."""

    def __init__(self) -> None:
        self._ends: dict[Owner, float] = {}
        """When the last work of an owner ends, on the clock of its parent."""
        self._clocks: dict[Owner, float] = {}
        """Where the work stands that was begun last, by the parent of its owner."""

    def place(self, owner: Owner) -> tuple[float, ...]:
        """Return the place of the next work of *owner*: the smallest is first."""
        return tuple(
            max(self._clocks.get(parent, 0.0), self._ends.get(child, 0.0))
            for parent, child in _path(owner)
        )

    def give(self, owner: Owner, cost: float) -> None:
        """Note that work of *owner* has begun."""
        for (parent, child), start in zip(_path(owner), self.place(owner), strict=True):
            self._clocks[parent] = start
            self._ends[child] = start + cost
        if len(self._ends) > MOST_OWNERS:
            self._forget()

    def clear(self) -> None:
        """Nothing waits: all are equal again."""
        self._ends.clear()
        self._clocks.clear()

    def _forget(self) -> None:
        self._ends = {
            owner: end
            for owner, end in self._ends.items()
            if end > self._clocks.get(owner[:-1], 0.0)
        }
        self._clocks = {
            owner: clock
            for owner, clock in self._clocks.items()
            if not owner or owner in self._ends
        }


def _path(owner: Owner) -> Iterator[tuple[Owner, Owner]]:
    for level in range(len(owner)):
        yield owner[:level], owner[: level + 1]
