"""Limits of rates and of connections at once, with time as an argument. Pure."""

from collections import Counter

from runtime.buckets import Bucket, Buckets


class AddressRate:
    """How often a minute, by address, with a bounded memory."""

    def __init__(self, a_minute: float) -> None:
        self.a_minute = a_minute
        self._buckets = Buckets(lambda: Bucket(a_minute / 60, max(1.0, a_minute)))

    def refuse_s(self, address: str, now_s: float) -> float:
        """Count *address* once and return 0, or return the seconds until it may come."""
        return self._buckets.of(address).refuse_s(now_s)

    def wait_s(self, address: str, now_s: float) -> float:
        """Return the seconds until *address* may come, without counting it; 0: now."""
        bucket = self._buckets.known(address)
        return bucket.wait_s(now_s) if bucket else 0.0


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

    def give_back(self, address: str) -> None:
        self._taken[address] -= 1
        if self._taken[address] <= 0:
            del self._taken[address]
