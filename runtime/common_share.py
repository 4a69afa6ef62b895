"""What many addresses share: one rule, whatever is shared. Pure; time is an argument.

An address may come to have as much as is left: alone half of the share, beside n others with the
same wish one part in n + 2. So whoever has little finds room beside any number of those who have
much. (Dynamic thresholds, as switches share memory among queues: Choudhury and Hahne, 1998.)
"""

from __future__ import annotations

import math
from collections import OrderedDict
from typing import NamedTuple

MOST_ADDRESSES = 10_000
"""The addresses that are remembered; what a forgotten one has counts among that of all."""
NOTHING = 1e-6
"""An address that has given back all but this is forgotten."""


class _Had(NamedTuple):
    """An amount, and when it was so much."""

    amount: float
    at_s: float


class CommonShare:
    """Knows what each address has, and what all have."""

    def __init__(self, size: float, lasts_s: float = math.inf) -> None:
        """Share *size* among all; what is taken fades with the time constant *lasts_s*.

        So *size* may be had at once, and as much again in each *lasts_s*; inf: it is given back.
        """
        self.size = size
        self._lasts_s = lasts_s
        self._had: OrderedDict[str, _Had] = OrderedDict()
        """By address; those that took something last are at the end."""
        self._all = _Had(0.0, 0.0)

    def had(self, address: str, now_s: float = 0.0) -> float:
        """Return what *address* has of it."""
        had = self._had.get(address)
        return self._faded(had, now_s) if had else 0.0

    def left(self, now_s: float = 0.0) -> float:
        return self.size - self._faded(self._all, now_s)

    def fits(self, address: str, amount: float, now_s: float = 0.0) -> bool:
        """Tell whether *address* may have *amount* more."""
        return self.had(address, now_s) + amount <= self.left(now_s)

    def wait_s(self, address: str, amount: float, now_s: float) -> float:
        """Return the seconds until *address* may have *amount* more, if nobody else takes any.

        inf: it may never.
        """
        taken = self.had(address, now_s) + self._faded(self._all, now_s)
        free = self.size - amount
        if taken <= free:
            return 0.0
        return self._lasts_s * math.log(taken / free) if free > 0 else math.inf

    def take(self, address: str, amount: float, now_s: float = 0.0) -> bool:
        """Give *amount* to *address* in any case; return False where that is too much."""
        had, of_all = self.had(address, now_s), self._faded(self._all, now_s)
        fits = had + amount <= self.size - of_all
        self._had[address] = _Had(had + amount, now_s)
        self._had.move_to_end(address)
        self._all = _Had(of_all + amount, now_s)
        if len(self._had) > MOST_ADDRESSES:
            self._had.popitem(last=False)
        return fits

    def give_back(self, address: str, amount: float, now_s: float = 0.0) -> None:
        """Take *amount* from *address*."""
        self._all = _Had(max(0.0, self._faded(self._all, now_s) - amount), now_s)
        if (left := self.had(address, now_s) - amount) > NOTHING:
            self._had[address] = _Had(left, now_s)
        else:
            self._had.pop(address, None)

    def holder(self, address: str) -> Held:
        """Return what one of *address* holds, nothing yet, where nothing fades."""
        return Held(self, address)

    def _faded(self, had: _Had, now_s: float) -> float:
        if self._lasts_s == math.inf:
            return had.amount
        return had.amount * math.exp((had.at_s - now_s) / self._lasts_s)


class Held:
    """What one connection of an address holds of a share."""

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

    def leave(self) -> None:
        """Give all back."""
        self.give_back(self.amount)
