"""Transitions of a state machine by a table of legal moves. Pure."""

from collections.abc import Mapping
from enum import Enum
from typing import TypeVar

State = TypeVar("State", bound=Enum)
Move = TypeVar("Move", bound=Enum)


class IllegalMoveError(RuntimeError):
    """The move is illegal in the current state: a bug in Aura."""


def drawing(moves: Mapping[tuple[State, Move], State]) -> str:
    """Return the drawing of a machine for its module's docstring: a line for each arrow."""
    arrows: dict[tuple[str, str], list[str]] = {}
    for (state, move), after in moves.items():
        name = move.name.lower().replace("_", " ")
        arrows.setdefault((name, after.name), []).append(state.name)
    return "\n".join(
        f"    {', '.join(states)} --{name}--> {after}" for (name, after), states in arrows.items()
    )


def moved(moves: Mapping[tuple[State, Move], State], state: State, move: Move) -> State:
    """Return the state after *move*.

    Raises:
        IllegalMoveError: *state* has no such move.
    """
    try:
        return moves[state, move]
    except KeyError:
        raise IllegalMoveError(f"{move.name} in {state.name}") from None
