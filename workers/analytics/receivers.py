"""Decides when a receiver of webhooks gets its next message: no slow one delays the others. Pure.

A receiver is a host. It gets a part of the deliveries at once, and rests after several failures in
a row. Its other messages come again one after the other. Times are monotonic seconds.
"""

from dataclasses import dataclass

MOST_DELIVERIES_PER_RECEIVER = 32
"""The most deliveries to one receiver at once."""
BUSY_S = 1.0
"""The least wait of a message while its receiver has the most deliveries."""
WAITING_INTERVAL_S = 0.005
"""The time between two waiting messages of one receiver, since thousands may wait."""
REST_S = 5.0
AWAY_AFTER_FAILURES = 3
"""The failures in a row after which a receiver gets nothing for REST_S."""


@dataclass
class _Receiver:
    deliveries: int = 0
    """The deliveries that go on now."""
    failures: int = 0
    """The number of failures in a row."""
    rests_until_s: float = 0.0
    comes_s: float = 0.0
    """The time at which the last of its waiting messages comes again."""


class Receivers:
    """The state of each receiver."""

    def __init__(self) -> None:
        self._known: dict[str, _Receiver] = {}

    def begin(self, host: str, now_s: float) -> float:
        """Begin a delivery to *host* and return 0, or return the seconds that it must wait."""
        receiver = self._known.setdefault(host, _Receiver())
        is_busy = receiver.deliveries >= MOST_DELIVERIES_PER_RECEIVER
        if not is_busy and receiver.rests_until_s <= now_s:
            receiver.deliveries += 1
            return 0.0
        least_s = now_s + BUSY_S if is_busy else 0.0
        next_s = receiver.comes_s + WAITING_INTERVAL_S
        receiver.comes_s = max(next_s, least_s, receiver.rests_until_s)
        return receiver.comes_s - now_s

    def end(self, host: str, now_s: float, *, answered: bool) -> None:
        """End a delivery to *host*, which *answered* or did not."""
        receiver = self._known[host]
        receiver.deliveries -= 1
        receiver.failures = 0 if answered else receiver.failures + 1
        if receiver.failures >= AWAY_AFTER_FAILURES:
            receiver.failures = 0
            receiver.rests_until_s = now_s + REST_S
            self._known = {
                name: known for name, known in self._known.items() if not _is_old(known, now_s)
            }
        elif _is_old(receiver, now_s):
            del self._known[host]


def _is_old(receiver: _Receiver, now_s: float) -> bool:
    """Return whether nothing has to be remembered of *receiver*."""
    is_used = receiver.deliveries or receiver.failures
    return not is_used and max(receiver.rests_until_s, receiver.comes_s) <= now_s
