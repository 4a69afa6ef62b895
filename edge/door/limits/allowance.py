"""An amount of one thing at once, and an amount a second: budgets consist of them. Pure.

The load is that of the last time at which something was spent.
"""

from enum import IntEnum

AHEAD_SHARE = 0.2
"""The share of the amount at once above which a connection is ahead of live speech."""
LONGEST_SLOWED_S = 30.0
"""A connection that is slowed for longer is closed."""
CALM_SHARE = 0.5
"""The share of its allowance at which a connection is no longer slowed."""


class Load(IntEnum):
    """The load of a connection, by the amount it spent at once."""

    LIVE = 0
    """No more than a live caller sends."""
    BURSTS = 1
    """More than a live caller sends: the work waits in the work queue."""
    AHEAD = 2
    """Far more: such as a recording that is sent at once."""


AHEAD = Load.AHEAD
"""Read once: a member of an enumeration costs a search each time."""


class OverBudgetError(Exception):
    """A connection costs too much for too long; the message is the reason of its close."""


class Allowance:
    """The allowance of one thing; a debt is paid by waiting."""

    __slots__ = (
        "_ahead_below",
        "_at_s",
        "_bursts_below",
        "_left",
        "_reason",
        "_size",
        "_slowed_s",
        "load",
        "rate",
    )

    def __init__(
        self,
        size: float,
        rate: float,
        now_s: float,
        reason: str = "",
        ahead_share: float = AHEAD_SHARE,
        burst: float = 0.0,
    ) -> None:
        """Begin with *size* units, and refill by *rate* a second; *reason* is sent with a close."""
        self._ahead_below = size * (1 - ahead_share)
        self._bursts_below = size - burst
        self._size = self._left = size
        self.rate = rate
        self._reason = reason
        self._at_s = now_s
        self._slowed_s: float | None = None
        """The time at which slowing began; None: the connection is not slowed."""
        self.load = Load.LIVE
        """The load when something was last spent."""

    @property
    def is_whole(self) -> bool:
        """Whether it was full at its last use."""
        return self._left == self._size

    @property
    def refill_s(self) -> float:
        """The seconds from its last use until it is full."""
        return (self._size - self._left) / self.rate

    def spend(self, amount: float, now_s: float) -> float:
        """Take *amount*; return the seconds until the debt is paid, 0 without one.

        Raises:
            OverBudgetError: the debt is too large, or there has been one for too long.
        """
        left = self._take(amount, now_s)
        if left >= 0:
            if self._slowed_s is not None and left >= self._size * CALM_SHARE:
                self._slowed_s = None
            return 0.0
        wait_s = -left / self.rate
        if self._slowed_s is None:
            self._slowed_s = now_s
        if wait_s > LONGEST_SLOWED_S or now_s - self._slowed_s > LONGEST_SLOWED_S:
            raise OverBudgetError(self._reason)
        return wait_s

    def borrow(self, amount: float, now_s: float, most_s: float = LONGEST_SLOWED_S) -> float:
        """Take *amount* as `spend` does, but never raise, since the debt is shared.

        The wait is *most_s* at most.
        """
        wait_s = min(most_s, max(0.0, -self._take(amount, now_s) / self.rate))
        self._left = max(self._left, -most_s * self.rate)
        return wait_s

    def _take(self, amount: float, now_s: float) -> float:
        """Take *amount*, and return the rest."""
        left = self._left + (now_s - self._at_s) * self.rate
        left = min(left, self._size)
        left -= amount
        self._left, self._at_s = left, now_s
        bursts = Load.BURSTS if left < self._bursts_below else Load.LIVE
        self.load = AHEAD if left < self._ahead_below else bursts
        return left
