"""What the process of a stranger is to do."""

from dataclasses import dataclass

from benchmarks.hostile.rows import Source


@dataclass(frozen=True)
class Order:
    """What the process is to do."""

    url: str
    seconds: float
    what: str
    """`row`, `http`, `fuzz`, `events` or `slow`."""
    row: int = 0
    source: Source = "socket"
    count: int = 0
    """Messages of the fuzz, or slow sockets."""
    seed: int = 0
    """Of the fuzz: other messages for each."""
    speech: str = ""
    """File of speech, s16le mono 16 kHz."""
