"""So much of one thing at once, and so much a second: the bucket that budgets are made of. Pure."""

AHEAD_SHARE = 0.2
"""Of what may be had at once: whoever has spent more is ahead of live speech."""
PATIENCE_S = 30.0
"""A connection that is slowed for so long is closed."""
CALM_SHARE = 0.5
"""The share of its allowance at which a connection is no longer slowed."""


class OverBudgetError(Exception):
    """A connection costs too much for too long; the message is the reason of its close."""


class Allowance:
    """So much a second of one thing, and so much at once; a debt is paid by waiting."""

    __slots__ = (
        "_ahead_below",
        "_at_s",
        "_left",
        "_presses_below",
        "_reason",
        "_size",
        "_slowed_s",
        "is_ahead",
        "presses",
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
        """Begin with *size*, and get *rate* a second; *reason* is what a close tells."""
        self._ahead_below = size * (1 - ahead_share)
        self._presses_below = size - burst
        self._size = self._left = size
        self.rate = rate
        self._reason = reason
        self._at_s = now_s
        self._slowed_s: float | None = None
        """Since when it is slowed."""
        self.is_ahead = self.presses = False
        """As of what was taken last."""

    @property
    def is_whole(self) -> bool:
        """Whether nothing was missing when it was last used."""
        return self._left == self._size

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
        if wait_s > PATIENCE_S or now_s - self._slowed_s > PATIENCE_S:
            raise OverBudgetError(self._reason)
        return wait_s

    def borrow(self, amount: float, now_s: float, most_s: float = PATIENCE_S) -> float:
        """Take *amount* as `spend` does, but never raise, since the debt is shared.

        The wait is *most_s* at most.
        """
        wait_s = min(most_s, max(0.0, -self._take(amount, now_s) / self.rate))
        self._left = max(self._left, -most_s * self.rate)
        return wait_s

    def _take(self, amount: float, now_s: float) -> float:
        """Take *amount*, and return what is left."""
        left = self._left + (now_s - self._at_s) * self.rate
        left = min(left, self._size)
        left -= amount
        self._left, self._at_s = left, now_s
        self.is_ahead = left < self._ahead_below
        self.presses = left < self._presses_below
        return left
