"""Counts a consumer's pull requests and the jobs that they bring. Pure.

A slot is free, requested or in flight; each free slot is requested once. A request that ends, or
that the server has forgotten, frees its slots. Times are seconds on a monotonic clock.
"""

import enum

LOST_REQUESTS_S = 1.6
"""The silence, three idle heartbeats long, after which the server has lost the requests."""
IDLE, EXPIRED = "100", "408"
"""Statuses of NATS: an idle heartbeat; an expired request."""


class Ended(enum.Enum):
    """The ways in which a request ends."""

    NOT_YET = "it goes on"
    EXPIRED = "request again at once"
    REFUSED = "request again after a while"
    REFUSED_ANEW = "the same, for the first time"


class PullState:
    """The pull requests of one worker with *slots* slots to one consumer."""

    def __init__(self, slots: int) -> None:
        self.slots = slots
        self.in_flight = 0
        self._requested = 0
        self._answered_at_s = 0.0
        self._status = ""
        """The end of the latest request."""

    def request(self, now_s: float) -> int:
        """Return the number of jobs to request now, and count them as requested."""
        missing = max(0, self.slots - self.in_flight - self._requested)
        if missing:
            self._requested += missing
            self._answered_at_s = max(self._answered_at_s, now_s)
        return missing

    def is_forgotten(self, now_s: float) -> bool:
        """Tell whether the server was silent for so long that it has lost the requests."""
        return self._requested > 0 and now_s - self._answered_at_s > LOST_REQUESTS_S

    def note_lost(self) -> None:
        """Note that the server has lost the requests: no job counts as requested."""
        self._requested = 0
        self._answered_at_s = 0.0

    def status_came(self, status: str, left: int | None, now_s: float) -> Ended:
        """Take the *status* by which the server ends a request with *left* jobs undelivered.

        If *left* is None, the server gave no count, and all requests have ended.
        """
        self._answered_at_s = now_s
        if status == IDLE:  # the server sends it while a request waits for jobs
            return Ended.NOT_YET
        self._requested = 0 if left is None else max(0, self._requested - left)
        is_news, self._status = status != self._status, status
        if status == EXPIRED:
            return Ended.EXPIRED
        return Ended.REFUSED_ANEW if is_news else Ended.REFUSED

    def job_came(self, now_s: float) -> None:
        """Count a job that arrived."""
        self._answered_at_s = now_s
        self._requested = max(0, self._requested - 1)
        self.in_flight += 1

    def free_slot(self) -> None:
        """Free the slot of a job that was answered, or that waits."""
        self.in_flight -= 1

    def take_slot(self) -> None:
        """Take a slot for a job that waited, even if all are in use."""
        self.in_flight += 1
