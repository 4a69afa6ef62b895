"""Common bounds of an edge for audio faster than live speech, and for strangers' typed turns. Pure.

Such audio waits in memory for its recognition; typed turns are stored in the log.
"""

from edge.door.limits.common_bounds import SplitShare
from runtime.common_share import CommonShare

EDGE_SHARE, STRANGERS_SHARE = 8.0, 2.0
"""The bounds for all connections that are ahead, as multiples of the bound of one connection: for
callers with a token, and for strangers. One address alone may have half of it."""
EDGE_SHARE_LASTS_S = 30.0
"""The time in which a used share becomes free again."""
STRANGERS_TURNS = 200.0
"""The turns that all strangers may type at once, and again in each EDGE_SHARE_LASTS_S."""
LONGEST_SHARE_WAIT_S = 5.0
"""The longest wait for a share, since a caller who lost the line for long is also ahead."""


class AudioAhead:
    """The shares of an edge's audio ahead of live speech, and of strangers' typed turns."""

    def __init__(self, at_once_s: float) -> None:
        """Take *at_once_s*, the audio that one connection may send at once."""
        self.audio = SplitShare(
            CommonShare(EDGE_SHARE * at_once_s, EDGE_SHARE_LASTS_S),
            CommonShare(STRANGERS_SHARE * at_once_s, EDGE_SHARE_LASTS_S),
        )
        self.strangers_turns = CommonShare(STRANGERS_TURNS, EDGE_SHARE_LASTS_S)


class Debt:
    """What one connection sent beyond a common share: seconds of audio, or typed turns."""

    def __init__(self, address: str) -> None:
        self._address = address
        self.amount = 0.0
        self._until_s = 0.0

    def wait_s(self, amount: float, share: CommonShare, now_s: float) -> float:
        """Add *amount*; return the seconds until *share* has it, at most LONGEST_SHARE_WAIT_S."""
        if not self.amount:
            self._until_s = now_s + LONGEST_SHARE_WAIT_S
        self.amount += amount
        wait_s = share.wait_s(self._address, self.amount, now_s)
        if not wait_s:
            share.take(self._address, self.amount, now_s)
        wait_s = min(wait_s, self._until_s - now_s)
        if wait_s <= 0:
            self.amount = wait_s = 0.0
        return wait_s
