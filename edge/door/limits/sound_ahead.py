"""What comes faster than from a live caller, which all connections of an edge share. Pure.

Sound that is ahead is kept until it is recognised, so it is memory; typed turns are kept in the
log. Strangers have shares of their own.
"""

from runtime.common_share import CommonShare

EDGE_SHARE, STRANGERS_SHARE = 8.0, 2.0
"""The bounds of the sound of all that are ahead, as multiples of the bound of one connection: of
those that show a token, and of strangers. Half of it is what an address alone may have."""
EDGE_SHARE_LASTS_S = 30.0
"""The time in which a share is used up and is free again."""
STRANGERS_TURNS = 200.0
"""The turns that all strangers may type at once, and again in each EDGE_SHARE_LASTS_S."""
EDGE_WAIT_S = 5.0
"""The longest wait for it: whoever lost the line for long is ahead, too."""


class SoundAhead:
    """The sound of all connections of an edge that are ahead of live speech; strangers' turns."""

    def __init__(self, at_once_s: float) -> None:
        """Take what a connection may send at once."""
        self._of_callers = CommonShare(EDGE_SHARE * at_once_s, EDGE_SHARE_LASTS_S)
        self._of_strangers = CommonShare(STRANGERS_SHARE * at_once_s, EDGE_SHARE_LASTS_S)
        self.strangers_turns = CommonShare(STRANGERS_TURNS, EDGE_SHARE_LASTS_S)

    def share(self, *, stranger: bool) -> CommonShare:
        return self._of_strangers if stranger else self._of_callers


class Debt:
    """What one connection sent beyond the common share."""

    def __init__(self, address: str) -> None:
        self._address = address
        self.amount = 0.0
        self._until_s = 0.0

    def wait_s(self, amount: float, share: CommonShare, now_s: float) -> float:
        """Add *amount*; return the seconds until *share* has as much, at most EDGE_WAIT_S."""
        if not self.amount:
            self._until_s = now_s + EDGE_WAIT_S
        self.amount += amount
        wait_s = share.wait_s(self._address, self.amount, now_s)
        if not wait_s:
            share.take(self._address, self.amount, now_s)
        wait_s = min(wait_s, self._until_s - now_s)
        if wait_s <= 0:
            self.amount = wait_s = 0.0
        return wait_s
