"""The phase of a session shell: a pure state machine, one for each connection.

    CARRIES --stop--> STOPPED
    CARRIES, STOPPED --finish--> FINISHED

An exception or a newer connection stops it; the end of the connection finishes it.
"""

from collections.abc import Mapping
from enum import Enum, auto


class ShellPhase(Enum):
    """The phase of a session shell."""

    CARRIES = auto()
    STOPPED = auto()
    """The call gets no more inputs; its events are still stored."""
    FINISHED = auto()
    """`run` returns once the last events are stored."""


class ShellMove(Enum):
    """The moves between phases."""

    STOP = auto()
    FINISH = auto()


CARRIES, STOPPED, FINISHED = ShellPhase

SHELL_MOVES: Mapping[tuple[ShellPhase, ShellMove], ShellPhase] = {
    (CARRIES, ShellMove.STOP): STOPPED,
    (CARRIES, ShellMove.FINISH): FINISHED,
    (STOPPED, ShellMove.FINISH): FINISHED,
}
