"""The task of an attacker's process."""

from dataclasses import dataclass

from benchmarks.hostile.rows import Source


@dataclass(frozen=True)
class Order:
    """The task of one process."""

    url: str
    seconds: float
    what: str
    """`row`, `http`, `fuzz`, `events` or `slow`."""
    row: int = 0
    source: Source = "socket"
    count: int = 0
    """Messages of the fuzz, or slow sockets."""
    seed: int = 0
    """The seed of the fuzz."""
    speech: str = ""
    """File of speech, s16le mono 16 kHz."""
