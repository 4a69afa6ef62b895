"""Limits of rates and of connections at once, with time as an argument. Pure."""

from __future__ import annotations

from collections import Counter, OrderedDict

MOST_ADDRESSES = 10_000
"""The addresses that are remembered; the oldest is forgotten."""


class TokenBucket:
    """Token bucket: *rate* a second, bursts up to *size*."""

    def __init__(self, rate: float, size: float) -> None:
        self._rate = rate
        self._size = size
        self._left = size
        self._at_s: float | None = None

    def wait_s(self, now_s: float) -> float:
        """Return the seconds until the next token; 0: there is one."""
        if self._at_s is not None:
            self._left = min(self._size, self._left + (now_s - self._at_s) * self._rate)
        self._at_s = now_s
        return 0.0 if self._left >= 1 else (1 - self._left) / self._rate

    def refuse_s(self, now_s: float) -> float:
        """Take a token and return 0, or return the seconds until the next token."""
        wait_s = self.wait_s(now_s)
        if not wait_s:
            self._left -= 1
        return wait_s


class AddressRate:
    """How often a minute, by address, with a bounded memory."""

    def __init__(self, a_minute: float) -> None:
        self.a_minute = a_minute
        self._buckets: OrderedDict[str, TokenBucket] = OrderedDict()

    def refuse_s(self, address: str, now_s: float) -> float:
        """Count *address* once and return 0, or return the seconds until it may come."""
        return self._bucket(address).refuse_s(now_s)

    def wait_s(self, address: str, now_s: float) -> float:
        """Return the seconds until *address* may come, without counting it; 0: now."""
        bucket = self._buckets.get(address)
        return bucket.wait_s(now_s) if bucket else 0.0

    def _bucket(self, address: str) -> TokenBucket:
        bucket = self._buckets.get(address)
        if bucket is None:
            bucket = TokenBucket(self.a_minute / 60, max(1.0, self.a_minute))
            self._buckets[address] = bucket
            if len(self._buckets) > MOST_ADDRESSES:
                self._buckets.popitem(last=False)
        self._buckets.move_to_end(address)
        return bucket


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
