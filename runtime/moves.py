"""Transitions of a state machine by a table of legal moves. Pure."""

from collections.abc import Mapping
from enum import Enum
from typing import TypeVar

State = TypeVar("State", bound=Enum)
Move = TypeVar("Move", bound=Enum)


class IllegalMoveError(RuntimeError):
    """The move is illegal in the current state: a bug in Aura."""


def moved(moves: Mapping[tuple[State, Move], State], state: State, move: Move) -> State:
    """Return the state after *move*.

    Raises:
        IllegalMoveError: *state* has no such move.
    """
    try:
        return moves[state, move]
    except KeyError:
        raise IllegalMoveError(f"{move.name} in {state.name}") from None
