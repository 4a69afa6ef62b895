"""One resource that many addresses share: how much each of them may have. Pure.

An address may have no more than what is still free. So one address alone gets half of the share,
and n + 1 greedy addresses get one part in n + 2 each. An address that has little always finds
room. (Dynamic thresholds, by which switches share memory among queues: Choudhury and Hahne, 1998.)
"""

from __future__ import annotations

import math
from collections import OrderedDict
from typing import NamedTuple

MOST_ADDRESSES = 10_000
"""The most addresses that are remembered; the total keeps the amount of a forgotten one."""
LEAST_AMOUNT = 1e-6
"""An address with no more than this amount is forgotten."""


class _Amount(NamedTuple):
    """An amount and the time of it."""

    amount: float
    at_s: float


class CommonShare:
    """Counts the amount of each address and of all together."""

    def __init__(self, size: float, lasts_s: float = math.inf) -> None:
        """Share *size* among all; a taken amount fades with the time constant *lasts_s*.

        So *size* is available at once, and as much again in each *lasts_s*. With inf nothing
        fades, and amounts are given back instead.
        """
        self.size = size
        self._lasts_s = lasts_s
        self._used: OrderedDict[str, _Amount] = OrderedDict()
        """Amounts by address; the address that took something last is at the end."""
        self._all = _Amount(0.0, 0.0)

    def used(self, address: str, now_s: float = 0.0) -> float:
        """Return the amount that *address* has."""
        had = self._used.get(address)
        return self._faded(had, now_s) if had else 0.0

    def free_amount(self, now_s: float = 0.0) -> float:
        return self.size - self._faded(self._all, now_s)

    def fits(self, address: str, amount: float, now_s: float = 0.0) -> bool:
        """Tell whether *address* may have *amount* more."""
        return self.used(address, now_s) + amount <= self.free_amount(now_s)

    def wait_s(self, address: str, amount: float, now_s: float) -> float:
        """Return the seconds until *address* may have *amount* more, if no other takes any.

        The result is inf if that never happens.
        """
        taken = self.used(address, now_s) + self._faded(self._all, now_s)
        free = self.size - amount
        if taken <= free:
            return 0.0
        return self._lasts_s * math.log(taken / free) if free > 0 else math.inf

    def take(self, address: str, amount: float, now_s: float = 0.0) -> bool:
        """Give *amount* to *address* in any case; return False if that is too much."""
        had, of_all = self.used(address, now_s), self._faded(self._all, now_s)
        fits = had + amount <= self.size - of_all
        self._used[address] = _Amount(had + amount, now_s)
        self._used.move_to_end(address)
        self._all = _Amount(of_all + amount, now_s)
        if len(self._used) > MOST_ADDRESSES:
            self._used.popitem(last=False)
        return fits

    def give_back(self, address: str, amount: float) -> None:
        """Take *amount* back from *address*; nothing in the share fades."""
        self._all = _Amount(max(0.0, self._all.amount - amount), 0.0)
        if (left := self.used(address) - amount) > LEAST_AMOUNT:
            self._used[address] = _Amount(left, 0.0)
        else:
            self._used.pop(address, None)

    def account(self, address: str) -> ShareAccount:
        """Return an empty account for one connection of *address*; nothing in it fades."""
        return ShareAccount(self, address)

    def _faded(self, had: _Amount, now_s: float) -> float:
        if self._lasts_s == math.inf:
            return had.amount
        return had.amount * math.exp((had.at_s - now_s) / self._lasts_s)


class ShareAccount:
    """The amount of a share that one connection of an address holds."""

    def __init__(self, share: CommonShare, address: str) -> None:
        self._share = share
        self._address = address
        self.amount = 0.0

    def fits(self, amount: float) -> bool:
        """Tell whether its address may have *amount* more."""
        return self._share.fits(self._address, amount)

    def take(self, amount: float) -> None:
        self.amount += amount
        self._share.take(self._address, amount)

    def give_back(self, amount: float) -> None:
        self.amount -= amount
        self._share.give_back(self._address, amount)

    def give_all_back(self) -> None:
        """Give the whole amount back."""
        self.give_back(self.amount)
