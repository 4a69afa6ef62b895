"""The errors of the bus.

BusError            any error of the bus
├── BusAwayError    retry: no server answers; to publish again is safe
└── FencedError     give up: another process has gone on with the subject
"""


class BusError(Exception):
    """The bus could not do what was asked."""


class BusAwayError(BusError):
    """No server answers; the message may or may not have been stored. Safe to publish again."""


class FencedError(BusError):
    """The subject holds a newer message than the publisher has seen."""

    def __init__(self, message: str, newest: int = 0) -> None:
        """Take the sequence of the subject's newest message; 0 if unknown."""
        super().__init__(message)
        self.newest = newest
