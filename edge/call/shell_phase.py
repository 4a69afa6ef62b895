"""Whether a session shell still carries its call: a pure state machine, one a connection.

    CARRIES  --stop-->  STOPPED
    CARRIES, STOPPED  --finish-->  FINISHED

A fault of ours or a newer connection stops it; the client's leaving, or ours, finishes it.
"""

from collections.abc import Mapping
from enum import Enum, auto


class ShellPhase(Enum):
    """Whether the shell still carries its call."""

    CARRIES = auto()
    STOPPED = auto()
    """The call gets no more inputs; what it has published is still stored."""
    FINISHED = auto()
    """`run` returns once the last events are stored."""


class ShellMove(Enum):
    """What moves the phase."""

    STOP = auto()
    FINISH = auto()


CARRIES, STOPPED, FINISHED = ShellPhase

SHELL_MOVES: Mapping[tuple[ShellPhase, ShellMove], ShellPhase] = {
    (CARRIES, ShellMove.STOP): STOPPED,
    (CARRIES, ShellMove.FINISH): FINISHED,
    (STOPPED, ShellMove.FINISH): FINISHED,
}
