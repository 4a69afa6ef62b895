"""Token buckets for rates and quotas: an amount a second, and an amount at once. Pure."""

from collections import OrderedDict
from collections.abc import Callable

MOST_NAMES = 10_000
"""The most addresses or tenants that are remembered; the least recently used is forgotten first."""


class Bucket:
    """A token bucket: *rate* tokens a second, at most *size* at once; it may be overdrawn."""

    __slots__ = ("_at_s", "_left", "_rate", "_size", "_until")  # there may be 10 000

    def __init__(self, rate: float, size: float, until: float = 1.0) -> None:
        """Begin full; once it is used up, `wait_s` waits until it holds *until* tokens again."""
        self._rate = rate
        self._size = self._left = size
        self._until = min(size, until)
        self._at_s: float | None = None

    def take(self, amount: float, now_s: float) -> bool:
        """Take *amount* in any case; return False if that overdraws the bucket."""
        self._fill(now_s)
        self._left -= amount
        return self._left >= 0

    def wait_s(self, now_s: float) -> float:
        """Return the seconds until a token may be taken, or 0 if the bucket holds one now."""
        self._fill(now_s)
        return 0.0 if self._left >= 1 else (self._until - self._left) / self._rate

    def refuse_s(self, now_s: float) -> float:
        """Take one token and return 0, or return the seconds until there is one."""
        wait_s = self.wait_s(now_s)
        if not wait_s:
            self._left -= 1
        return wait_s

    def _fill(self, now_s: float) -> None:
        if self._at_s is not None:
            self._left = min(self._size, self._left + (now_s - self._at_s) * self._rate)
        self._at_s = now_s


class Buckets:
    """A bucket for each name."""

    def __init__(self, new: Callable[[], Bucket]) -> None:
        self._new = new
        self._known: OrderedDict[str, Bucket] = OrderedDict()

    def __len__(self) -> int:
        return len(self._known)

    def of(self, name: str) -> Bucket:
        bucket = self._known.get(name)
        if bucket is None:
            bucket = self._known[name] = self._new()
            if len(self._known) > MOST_NAMES:
                self._known.popitem(last=False)
        self._known.move_to_end(name)
        return bucket

    def known(self, name: str) -> Bucket | None:
        """Return the bucket of *name*, or None if it was not used lately."""
        return self._known.get(name)
