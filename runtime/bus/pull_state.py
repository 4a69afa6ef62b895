"""The accounts of who pulls jobs: what is asked for, what is in hand, what a silence means. Pure.

    free slot --request--> asked for --job_came--> in flight --finished--> free slot
                               |
                               +--ended (by time, or the consumer moved), forget--> free slot

Every slot is asked for once; times are seconds on a clock that only goes forward.
"""

from __future__ import annotations

import enum

SILENCE_LIMIT_S = 1.6
"""Three idle heartbeats missed: nobody remembers our requests."""
IDLE, EXPIRED = "100", "408"
"""Of NATS: nothing came yet; a request's time is up."""


class Ended(enum.Enum):
    """How a request ended, for whoever asks again."""

    NOT_YET = "it goes on"
    EXPIRED = "ask again at once"
    REFUSED = "ask again after a while"
    REFUSED_ANEW = "the same, and it is news"


class PullState:
    """Of one consumer, for a worker with *slots* places."""

    def __init__(self, slots: int) -> None:
        self.slots = slots
        self.in_flight = 0
        self.depth = 0
        """Jobs that nobody had taken when the server last told us."""
        self._asked = 0
        self._heard_at_s = 0.0
        self._told = ""
        """How the latest request ended; the same again is not news."""

    def request(self, now_s: float) -> int:
        """Return for how many jobs to ask now, and take them for asked."""
        missing = max(0, self.slots - self.in_flight - self._asked)
        if missing:
            self._asked += missing
            self._heard_at_s = max(self._heard_at_s, now_s)
        return missing

    def is_forgotten(self, now_s: float) -> bool:
        """Tell whether the server is silent for so long that it does not know our requests."""
        return self._asked > 0 and now_s - self._heard_at_s > SILENCE_LIMIT_S

    def forget(self) -> None:
        """Take nothing for asked: the requests are gone, and their server may be."""
        self._asked = 0
        self._heard_at_s = 0.0

    def status_came(self, status: str, left: int | None, now_s: float) -> Ended:
        """Note what the server says of a request; *left* jobs do not come; None: none of all."""
        self._heard_at_s = now_s
        if status == IDLE:  # we have asked and nothing came: there is nothing
            self.depth = 0
            return Ended.NOT_YET
        self._asked = 0 if left is None else max(0, self._asked - left)
        is_news, self._told = status != self._told, status
        if status == EXPIRED:
            return Ended.EXPIRED
        return Ended.REFUSED_ANEW if is_news else Ended.REFUSED

    def job_came(self, depth: int, now_s: float) -> None:
        """Note a message that was asked for; *depth* more wait behind it."""
        self._heard_at_s = now_s
        self._asked = max(0, self._asked - 1)
        self.depth = depth
        self.in_flight += 1

    def finished(self) -> None:
        """Free the slot of a job that was answered."""
        self.in_flight -= 1
