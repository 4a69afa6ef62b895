"""The interruption of a response: a pure state machine, one for each response.

    NONE, SUSPECTED, DISMISSED --suspect--> SUSPECTED
    STOPPED --suspect--> STOPPED
    SUSPECTED --stop--> STOPPED
    NONE, SUSPECTED, STOPPED, DISMISSED --confirm--> CONFIRMED
    SUSPECTED, STOPPED --dismiss--> DISMISSED

A response is held while an interruption is suspected: nothing more of it is sent. If voice lasts,
the client must stop and drop its unplayed audio. Words confirm the interruption, even if nothing
was suspected. A backchannel, noise or a time without words dismisses it, and the response goes on
where it was last heard. A confirmed interruption is final: the response is over.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto

from runtime.moves import moved


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


class InterruptionMove(Enum):
    """The moves between states."""

    SUSPECT = auto()
    STOP = auto()
    CONFIRM = auto()
    DISMISS = auto()


_S = InterruptionState
INTERRUPTION_MOVES: Mapping[tuple[InterruptionState, InterruptionMove], InterruptionState] = {
    (_S.NONE, InterruptionMove.SUSPECT): _S.SUSPECTED,
    (_S.SUSPECTED, InterruptionMove.SUSPECT): _S.SUSPECTED,
    (_S.DISMISSED, InterruptionMove.SUSPECT): _S.SUSPECTED,
    (_S.STOPPED, InterruptionMove.SUSPECT): _S.STOPPED,
    (_S.SUSPECTED, InterruptionMove.STOP): _S.STOPPED,
    (_S.NONE, InterruptionMove.CONFIRM): _S.CONFIRMED,
    (_S.SUSPECTED, InterruptionMove.CONFIRM): _S.CONFIRMED,
    (_S.STOPPED, InterruptionMove.CONFIRM): _S.CONFIRMED,
    (_S.DISMISSED, InterruptionMove.CONFIRM): _S.CONFIRMED,
    (_S.SUSPECTED, InterruptionMove.DISMISS): _S.DISMISSED,
    (_S.STOPPED, InterruptionMove.DISMISS): _S.DISMISSED,
}


@dataclass
class Interruption:
    """The interruption of one response."""

    state: InterruptionState = InterruptionState.NONE
    suspected_ms: int = 0
    """The time of the last suspicion, or of the last voice over the response, Unix ms."""

    @property
    def was_suspected(self) -> bool:
        """Whether there was sound over the response; it may have gone on since."""
        return self.state is not InterruptionState.NONE

    @property
    def held(self) -> bool:
        """Whether an interruption is suspected, so that nothing more of the response is sent."""
        return self.state is InterruptionState.SUSPECTED or self.stopped

    @property
    def stopped(self) -> bool:
        """Whether the client was told to stop the response."""
        return self.state is InterruptionState.STOPPED

    def move(self, move: InterruptionMove) -> None:
        """Move the state.

        Raises:
            IllegalMoveError: INTERRUPTION_MOVES has no such move from this state: nothing follows
            a confirmation, and only a suspicion can be stopped or dismissed.
        """
        self.state = moved(INTERRUPTION_MOVES, self.state, move)
