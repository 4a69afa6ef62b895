"""The handling of a client's data by the filter before the parser: a pure state machine.

    READS --fill--> WAITS
    WAITS --empty--> READS
    READS, WAITS --give up--> DROPS

While parsed data wait, the client is not read. Before its close it is read for another moment, and
its data are dropped.
"""

from collections.abc import Mapping
from enum import Enum, auto


class IntakeState(Enum):
    """The handling of the client's data."""

    READS = auto()
    WAITS = auto()
    """Data stay in the socket until all parsed data are processed."""
    DROPS = auto()
    """Data are read and dropped: the connection is about to close."""


class IntakeMove(Enum):
    """The moves between states."""

    FILL = auto()
    EMPTY = auto()
    GIVE_UP = auto()


READS, WAITS, DROPS = IntakeState

INTAKE_MOVES: Mapping[tuple[IntakeState, IntakeMove], IntakeState] = {
    (READS, IntakeMove.FILL): WAITS,
    (WAITS, IntakeMove.EMPTY): READS,
    (READS, IntakeMove.GIVE_UP): DROPS,
    (WAITS, IntakeMove.GIVE_UP): DROPS,
}
