"""Whether the caller interrupts a response: a pure state machine, one a response.

    NONE, DISMISSED     --suspect--> SUSPECTED     --confirm--> CONFIRMED
    SUSPECTED           --stop-----> STOPPED
    SUSPECTED, STOPPED  --confirm--> CONFIRMED     --dismiss--> DISMISSED
    SUSPECTED, STOPPED  --suspect--> the same: another utterance over the held response

A response is held while an interruption is suspected: nothing more of it is sent. Voice that lasts
has the client stop and drop what it has not played. Words confirm the interruption, also where
nothing was suspected; a backchannel, noise or a time without words dismisses it, and the response
goes on where it was heard last. A confirmed interruption is final: the response is over.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, auto


class InterruptionState(Enum):
    """What is known of an interruption."""

    NONE = auto()
    """Nobody spoke over the response."""
    SUSPECTED = auto()
    """Sound over it: it is held until that is clear."""
    STOPPED = auto()
    """Voice over it: the client was told to stop, and the words are waited for."""
    CONFIRMED = auto()
    """The caller means it: the response is over."""
    DISMISSED = auto()
    """The last sound over it was no interruption."""


class Move(Enum):
    """What moves the state."""

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
