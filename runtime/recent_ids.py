"""A bounded memory of event ids that filters out repeated deliveries."""

from collections import OrderedDict


class RecentIds:
    """The last *limit* ids."""

    def __init__(self, limit: int = 50_000) -> None:
        self._ids: OrderedDict[str, None] = OrderedDict()
        self._limit = limit

    def is_duplicate(self, event_id: str) -> bool:
        """Remember *event_id*; return whether it was known already."""
        if event_id in self._ids:
            self._ids.move_to_end(event_id)
            return True
        self._ids[event_id] = None
        if len(self._ids) > self._limit:
            self._ids.popitem(last=False)
        return False
