"""What can go wrong on the bus."""

from __future__ import annotations


class BusError(Exception):
    """Anything the bus could not do."""


class BusAwayError(BusError):
    """No server answers; the message may or may not have been stored. Safe to publish again."""


class FencedError(BusError):
    """The subject holds something newer than the publisher had seen."""

    def __init__(self, message: str, newest: int = 0) -> None:
        """Take the sequence of the subject's newest message; 0: not known."""
        super().__init__(message)
        self.newest = newest
