"""The interruption of a response: a pure state machine, one for each response.

    NONE, DISMISSED     --suspect--> SUSPECTED     --confirm--> CONFIRMED
    SUSPECTED           --stop-----> STOPPED
    SUSPECTED, STOPPED  --confirm--> CONFIRMED     --dismiss--> DISMISSED
    SUSPECTED, STOPPED  --suspect--> unchanged: another utterance over the held response

A response is held while an interruption is suspected: nothing more of it is sent. If voice lasts,
the client must stop and drop its unplayed audio. Words confirm the interruption, even if nothing
was suspected. A backchannel, noise or a time without words dismisses it, and the response goes on
where it was last heard. A confirmed interruption is final: the response is over.
"""

from collections.abc import Mapping
from enum import Enum, auto


class InterruptionState(Enum):
    """The states of an interruption."""

    NONE = auto()
    """Nobody spoke over the response."""
    SUSPECTED = auto()
    """There is sound over the response, which is held until the cause is clear."""
    STOPPED = auto()
    """There is voice over the response: the client was told to stop until the words are known."""
    CONFIRMED = auto()
    """The caller has interrupted: the response is over."""
    DISMISSED = auto()
    """The last sound over it was no interruption."""


class Move(Enum):
    """The moves between states."""

    SUSPECT = auto()
    STOP = auto()
    CONFIRM = auto()
    DISMISS = auto()


_S = InterruptionState
MOVES: Mapping[tuple[InterruptionState, Move], InterruptionState] = {
    (_S.NONE, Move.SUSPECT): _S.SUSPECTED,
    (_S.NONE, Move.CONFIRM): _S.CONFIRMED,
    (_S.SUSPECTED, Move.SUSPECT): _S.SUSPECTED,
    (_S.SUSPECTED, Move.STOP): _S.STOPPED,
    (_S.STOPPED, Move.SUSPECT): _S.STOPPED,
    (_S.STOPPED, Move.CONFIRM): _S.CONFIRMED,
    (_S.STOPPED, Move.DISMISS): _S.DISMISSED,
    (_S.SUSPECTED, Move.CONFIRM): _S.CONFIRMED,
    (_S.SUSPECTED, Move.DISMISS): _S.DISMISSED,
    (_S.DISMISSED, Move.SUSPECT): _S.SUSPECTED,
    (_S.DISMISSED, Move.CONFIRM): _S.CONFIRMED,
}
