"""How far a call has come towards its end: a pure state machine, one a call.

    OPEN  --end-->  ENDING  --hang up-->  HUNG_UP
    OPEN, ENDING, HUNG_UP  --finish-->  OVER

A call that an operator, a silence or a limit ends says its last words first, and then has the shell
hang up. One whose client leaves is over from whatever phase it is in.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, auto


class CallPhase(Enum):
    """How far the call has come towards its end."""

    OPEN = auto()
    """Both sides may speak."""
    ENDING = auto()
    """The caller is not heard any more, and the last words are spoken."""
    HUNG_UP = auto()
    """The shell was told to hang up."""
    OVER = auto()
    """Its last event is published."""


class CallMove(Enum):
    """What moves the phase."""

    END = auto()
    HANG_UP = auto()
    FINISH = auto()


OPEN, ENDING, HUNG_UP, OVER = CallPhase

CALL_MOVES: Mapping[tuple[CallPhase, CallMove], CallPhase] = {
    (OPEN, CallMove.END): ENDING,
    (ENDING, CallMove.HANG_UP): HUNG_UP,
    (OPEN, CallMove.FINISH): OVER,
    (ENDING, CallMove.FINISH): OVER,
    (HUNG_UP, CallMove.FINISH): OVER,
}
