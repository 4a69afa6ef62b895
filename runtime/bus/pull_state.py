"""The state of a consumer's pull requests: asked for, in flight, forgotten by the server. Pure.

    free slot --request--> asked for --job_came--> in flight --finished--> free slot
                               |
                               +--ended (by time, or the consumer moved), forget--> free slot

Every slot is asked for once; times are seconds on a monotonic clock.
"""

from __future__ import annotations

import enum

SILENCE_LIMIT_S = 1.6
"""Three idle heartbeats: after so long a silence the server has lost our requests."""
IDLE, EXPIRED = "100", "408"
"""Statuses of NATS: no job yet; the request's time is up."""


class Ended(enum.Enum):
    """How a request ended, and what follows."""

    NOT_YET = "it goes on"
    EXPIRED = "ask again at once"
    REFUSED = "ask again after a while"
    REFUSED_ANEW = "the same, for the first time"


class PullState:
    """The requests of one worker with *slots* to one consumer."""

    def __init__(self, slots: int) -> None:
        self.slots = slots
        self.in_flight = 0
        self.depth = 0
        """Jobs that no worker had taken, as the server last told."""
        self._asked = 0
        self._heard_at_s = 0.0
        self._status = ""
        """How the latest request ended."""

    def request(self, now_s: float) -> int:
        """Return the number of jobs to ask for now, and count them as asked for."""
        missing = max(0, self.slots - self.in_flight - self._asked)
        if missing:
            self._asked += missing
            self._heard_at_s = max(self._heard_at_s, now_s)
        return missing

    def is_forgotten(self, now_s: float) -> bool:
        """Tell whether the server was silent for so long that it has lost our requests."""
        return self._asked > 0 and now_s - self._heard_at_s > SILENCE_LIMIT_S

    def forget(self) -> None:
        """Count no job as asked for: the requests are lost."""
        self._asked = 0
        self._heard_at_s = 0.0

    def status_came(self, status: str, left: int | None, now_s: float) -> Ended:
        """Note the server's *status* of a request, of which *left* jobs will not come.

        None: the server gave no count; all requests have ended.
        """
        self._heard_at_s = now_s
        if status == IDLE:  # a request waits, so no job does
            self.depth = 0
            return Ended.NOT_YET
        self._asked = 0 if left is None else max(0, self._asked - left)
        is_news, self._status = status != self._status, status
        if status == EXPIRED:
            return Ended.EXPIRED
        return Ended.REFUSED_ANEW if is_news else Ended.REFUSED

    def job_came(self, depth: int, now_s: float) -> None:
        """Note a job that was asked for; *depth* more wait behind it."""
        self._heard_at_s = now_s
        self._asked = max(0, self._asked - 1)
        self.depth = depth
        self.in_flight += 1

    def finished(self) -> None:
        """Free the slot of a job that was answered."""
        self.in_flight -= 1
