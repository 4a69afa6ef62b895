"""Moves of a state machine: those that its table lists, and no other. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import TypeVar

State = TypeVar("State", bound=Enum)
Move = TypeVar("Move", bound=Enum)


class IllegalMoveError(RuntimeError):
    """The state has no such move: a fault of ours."""


def moved(moves: Mapping[tuple[State, Move], State], state: State, move: Move) -> State:
    """Return the state after *move*.

    Raises:
        IllegalMoveError: *state* has no such move.
    """
    try:
        return moves[state, move]
    except KeyError:
        raise IllegalMoveError(f"{move.name} in {state.name}") from None
