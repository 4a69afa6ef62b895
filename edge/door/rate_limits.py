"""Limits of requests and connections, with time as an argument and a bounded memory. Pure."""

from __future__ import annotations

from collections import Counter, OrderedDict

MOST_ADDRESSES = 10_000


class TokenBucket:
    """Token bucket: *rate* a second, bursts up to *size*."""

    def __init__(self, rate: float, size: float) -> None:
        self._rate = rate
        self._size = size
        self._left = size
        self._at_s: float | None = None

    def refuse_s(self, now_s: float) -> float:
        """Take a token and return 0, or return the seconds until the next token."""
        if self._at_s is not None:
            self._left = min(self._size, self._left + (now_s - self._at_s) * self._rate)
        self._at_s = now_s
        if self._left >= 1:
            self._left -= 1
            return 0.0
        return (1 - self._left) / self._rate


class RequestLimit:
    """Requests a minute, by address."""

    def __init__(self, a_minute: int) -> None:
        self._a_minute = a_minute
        self._buckets: OrderedDict[str, TokenBucket] = OrderedDict()

    def refuse_s(self, address: str, now_s: float) -> float:
        """Return 0 if *address* may ask now, else the seconds until it may."""
        bucket = self._buckets.get(address)
        if bucket is None:
            bucket = self._buckets[address] = TokenBucket(self._a_minute / 60, self._a_minute)
            if len(self._buckets) > MOST_ADDRESSES:
                self._buckets.popitem(last=False)
        self._buckets.move_to_end(address)
        return bucket.refuse_s(now_s)


class ConnectionLimit:
    """WebSockets at once, by address."""

    def __init__(self, an_address: int) -> None:
        self._an_address = an_address
        self._taken: Counter[str] = Counter()

    def take(self, address: str) -> bool:
        """Count a connection, or return False if *address* has too many."""
        if self._taken[address] >= self._an_address:
            return False
        self._taken[address] += 1
        return True

    def leave(self, address: str) -> None:
        self._taken[address] -= 1
        if self._taken[address] <= 0:
            del self._taken[address]
