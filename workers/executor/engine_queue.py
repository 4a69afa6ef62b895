"""Decides which of the waiting items a free thread of an engine takes. Pure.

Waiting items of equal kind may share one run of the engine:

    waiting   f f f f p p     two threads, one becomes free: it takes its share of the most urgent
              └─┘             kind; the other thread will take the rest

No item waits for a batch: with a free thread it begins at once, alone. Items of equal urgency are
taken by the fair share of their owners (`fair_share.py`), so that many items of one session
never delay the only item of another session.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

from workers.executor.fair_share import FairShare, Owner

Item = TypeVar("Item")

MOST_BATCH_S = 30.0
"""The most audio of a batch, unless its first item is longer, since other items wait for it."""
LEAST_COST_S = 1.0
"""The least cost of an item for its owner's share."""


@dataclass(frozen=True)
class QueueEntry:
    """The terms on which an item waits in the queue."""

    rank: int
    """A smaller rank goes first."""
    owner: Owner
    audio_s: float
    """The length of its audio."""
    kind: object
    """Items of equal kind may share a batch."""
    most_items: int
    """The most items of a batch."""
    since_s: float
    """The time of the request."""


class EngineQueue(Generic[Item]):
    """The items that wait for one of *threads*.

    One of several threads is reserved for urgent items (rank 0): other items never delay them.
    """

    def __init__(self, threads: int) -> None:
        self._threads = threads
        self._free = threads
        self._reserved = 1 if threads > 1 else 0
        self._entries: dict[Item, QueueEntry] = {}
        """In the order of the requests."""
        self._shares = FairShare()
        self._running: dict[Item, Owner] = {}
        """The items in threads."""
        self._left_s: dict[Owner, float] = {}
        """The end of the last run of each owner that waits again."""

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def urgent_since_s(self) -> float | None:
        """Return the time since which an urgent item (rank 0) waits for other owners; None: none.

        An item that waits for its own owner's earlier items does not show that a stage is full.
        """
        busy, entries = set(self._running.values()), self._entries.values()
        waiting = (entry for entry in entries if entry.rank == 0 and entry.owner not in busy)
        since_s = (max(entry.since_s, self._left_s.get(entry.owner, 0.0)) for entry in waiting)
        return min(since_s, default=None)

    def add(self, item: Item, entry: QueueEntry) -> None:
        self._entries[item] = entry

    def remove(self, item: Item) -> None:
        """Remove an item that waits no longer."""
        del self._entries[item]

    def ended(self, batch: Iterable[Item], now_s: float) -> None:
        """Note that the thread of *batch* is free."""
        self._free += 1
        left = {self._running.pop(item) for item in batch}
        waits = {entry.owner for entry in self._entries.values()}
        self._left_s.update(dict.fromkeys(left, now_s))
        self._left_s = {owner: at_s for owner, at_s in self._left_s.items() if owner in waits}

    def next_batch(self) -> list[Item]:
        """Return the items that a free thread takes; [] if none waits or none may have a thread."""
        if not self._entries:
            self._shares.clear()
            return []
        rank = min(entry.rank for entry in self._entries.values())
        if self._free <= (self._reserved if rank else 0):
            return []
        self._free -= 1
        return self._batch(rank)

    def _batch(self, rank: int) -> list[Item]:
        """Take the next item of *rank*, and one thread's share of its kind and rank.

        A larger batch would leave nothing for other threads that become free.
        """
        urgent = {item: entry for item, entry in self._entries.items() if entry.rank == rank}
        first, of_first = self._dequeue(urgent)
        alike = {item: entry for item, entry in urgent.items() if entry.kind == of_first.kind}
        threads = self._threads - (self._reserved if rank else 0)
        most = min(of_first.most_items, math.ceil((len(alike) + 1) / threads))
        batch, audio_s = [first], of_first.audio_s
        while len(batch) < most:
            left_s = MOST_BATCH_S - audio_s
            fits = {item: entry for item, entry in alike.items() if entry.audio_s <= left_s}
            if not fits:
                break
            item, entry = self._dequeue(fits)
            del alike[item]
            batch.append(item)
            audio_s += entry.audio_s
        return batch

    def _dequeue(self, candidates: dict[Item, QueueEntry]) -> tuple[Item, QueueEntry]:
        """Take the item of *candidates* whose owner's share is next; of one owner, the oldest."""
        owners = {entry.owner: self._shares.starts(entry.owner) for entry in candidates.values()}
        item = min(candidates, key=lambda key: owners[candidates[key].owner])
        entry = candidates.pop(item)
        self._shares.charge(entry.owner, max(LEAST_COST_S, entry.audio_s))
        self._running[item] = entry.owner
        del self._entries[item]
        return item, entry
