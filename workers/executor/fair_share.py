"""The order of waiting work: equal shares for tenants, and inside a tenant for its sessions.

Start-time fair queueing (Goyal, Vin and Cheng 1996), in a tree of owners. An owner that was idle
gets no more than its share afterwards. Pure.
"""

from collections.abc import Iterator

Owner = tuple[str, ...]
"""The path in the tree: tenant, session."""
MOST_OWNERS = 1000
"""The most remembered owners; above it, owners with no more than their share are forgotten."""


class FairShare:
    """The cost of the work that each owner has had."""

    def __init__(self) -> None:
        self._ends: dict[Owner, float] = {}
        """The finish time of each owner's last work, in its parent's virtual time."""
        self._clocks: dict[Owner, float] = {}
        """The virtual time of each parent: the start of the work begun last."""

    def starts(self, owner: Owner) -> tuple[float, ...]:
        """Return the virtual starts of the next work of *owner*: the smallest are first."""
        return tuple(
            max(self._clocks.get(parent, 0.0), self._ends.get(child, 0.0))
            for parent, child in _path(owner)
        )

    def charge(self, owner: Owner, cost: float) -> None:
        """Charge *owner* for work that has begun."""
        for (parent, child), start in zip(_path(owner), self.starts(owner), strict=True):
            self._clocks[parent] = start
            self._ends[child] = start + cost
        if len(self._ends) > MOST_OWNERS:
            self._forget()

    def clear(self) -> None:
        """Forget all shares, once nothing waits."""
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
