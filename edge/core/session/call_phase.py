"""The phase of a call up to its end: a pure state machine, one for each call.

    OPEN --end--> ENDING
    ENDING --hang up--> HUNG_UP
    OPEN, ENDING, HUNG_UP --finish--> OVER

A call that is ended by an operator, a silence or a limit first speaks its last words, and then the
shell hangs up. A call whose client leaves is over at once, in every phase.
"""

from collections.abc import Mapping
from enum import Enum, auto


class CallPhase(Enum):
    """The phases of a call."""

    OPEN = auto()
    """Both sides may speak."""
    ENDING = auto()
    """The caller is ignored, and the last words are spoken."""
    HUNG_UP = auto()
    """The shell was told to hang up."""
    OVER = auto()
    """The last event of the call is published."""


class CallMove(Enum):
    """The moves between phases."""

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
