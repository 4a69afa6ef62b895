"""Counts the beats in which the bus did not answer a ping, and tells when it is away. Pure.

Beats are counted instead of seconds, since a process that was paused has missed only one beat.
"""

AWAY_BEATS = 4
"""Beats without an answer until the bus counts as away."""
STALE_BEATS = 10
"""Beats without an answer until a link is replaced, though it still counts as connected."""


class Beats:
    """The beats of one connection, whose link may be replaced."""

    def __init__(self) -> None:
        self._waits = False
        """Whether a ping of the current link is still unanswered."""
        self._missed_beats = 0

    @property
    def away(self) -> bool:
        return self._missed_beats >= AWAY_BEATS

    def may_ping(self, *, connected: bool) -> bool:
        """Tell whether a ping is due; at most one ping is unanswered at a time."""
        return connected and not self._waits

    def note_ping(self) -> None:
        """Note that a ping was sent."""
        self._waits = True

    def ping_over(self) -> None:
        """Note that the ping was answered, or was lost with its link."""
        self._waits = False

    def passed(self, *, connected: bool) -> bool:
        """Count a beat that has passed; return True if the link must be replaced."""
        self._missed_beats = 0 if connected and not self._waits else self._missed_beats + 1
        is_stale = connected and self._missed_beats >= STALE_BEATS
        if is_stale:
            self._missed_beats = AWAY_BEATS
        return is_stale

    def reconnected(self) -> None:
        self._waits, self._missed_beats = False, 0
