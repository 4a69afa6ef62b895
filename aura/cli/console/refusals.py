"""The door's refusals of the last hour, from the counters of all edges. Pure."""

from collections import Counter, deque
from collections.abc import Mapping

from aura.cli.console.last_hour import HOUR_MS

MOST_KEPT_REFUSALS = 10_000


class Refusals:
    """Remembers the growth of the edges' counters over time."""

    def __init__(self) -> None:
        self.since_ms = 0
        """Unix ms of the first look; earlier refusals are unknown. 0: there was no look yet."""
        self._seen: dict[str, Mapping[str, int]] = {}
        self._grown: deque[tuple[int, str, int]] = deque(maxlen=MOST_KEPT_REFUSALS)

    def look(self, edges: Mapping[str, Mapping[str, int]], now_ms: int) -> None:
        """Take each edge's counters by limit.

        The counters of an edge that appears after the first look began at 0. An edge that did not
        answer keeps its counters.
        """
        for edge, counted in edges.items():
            before = self._seen.get(edge, {} if self.since_ms else counted)
            for limit, number in counted.items():
                if (more := number - before.get(limit, 0)) > 0:
                    self._grown.append((now_ms, limit, more))
            self._seen[edge] = counted
        self.since_ms = self.since_ms or now_ms

    def last_hour(self, now_ms: int) -> dict[str, int]:
        """Return the number of refusals by each limit in the hour before *now_ms*."""
        counts: Counter[str] = Counter()
        for at_ms, limit, more in self._grown:
            if at_ms >= now_ms - HOUR_MS:
                counts[limit] += more
        return dict(counts.most_common())
