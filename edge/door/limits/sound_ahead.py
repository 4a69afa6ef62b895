"""The sound that is ahead of live speech, which all connections of an edge share. Pure.

It is kept until it is recognised, so it is memory: strangers have a share of their own.
"""

from runtime.common_share import CommonShare

EDGE_SHARE, STRANGERS_SHARE = 8.0, 2.0
"""The bounds of the sound of all that are ahead, as multiples of the bound of one connection: of
those that show a token, and of strangers. Half of it is what an address alone may have."""
EDGE_SHARE_LASTS_S = 30.0
EDGE_WAIT_S = 5.0
"""The longest wait for it: whoever lost the line for long is ahead, too."""


class SoundAhead:
    """The sound of all connections of an edge that are ahead of live speech."""

    def __init__(self, at_once_s: float) -> None:
        """Take what a connection may send at once."""
        self._of_callers = CommonShare(EDGE_SHARE * at_once_s, EDGE_SHARE_LASTS_S)
        self._of_strangers = CommonShare(STRANGERS_SHARE * at_once_s, EDGE_SHARE_LASTS_S)

    def share(self, *, stranger: bool) -> CommonShare:
        return self._of_strangers if stranger else self._of_callers


class Debt:
    """The sound of one connection for which there was no room beside that of others."""

    def __init__(self, address: str, ahead: SoundAhead) -> None:
        self._address = address
        self._ahead = ahead
        self._sound_s = 0.0
        self._until_s = 0.0

    def wait_s(self, sound_s: float, now_s: float, *, stranger: bool) -> float:
        """Add *sound_s*; return the seconds until there is room, EDGE_WAIT_S in all at most."""
        if not self._sound_s:
            self._until_s = now_s + EDGE_WAIT_S
        self._sound_s += sound_s
        share = self._ahead.share(stranger=stranger)
        wait_s = share.wait_s(self._address, self._sound_s, now_s)
        if not wait_s:
            share.take(self._address, self._sound_s, now_s)
        wait_s = min(wait_s, self._until_s - now_s)
        if wait_s <= 0:
            self._sound_s = wait_s = 0.0
        return wait_s
