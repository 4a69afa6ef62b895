"""Every state machine moves as its drawing says, and in no other way."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from enum import Enum
from types import ModuleType
from typing import Any

import pytest

from edge.call import shell_phase
from edge.call.shell_phase import SHELL_MOVES, ShellMove, ShellPhase
from edge.core.hearing import utterance
from edge.core.hearing.utterance import UTTERANCE_MOVES, UtteranceMove, UtterancePhase
from edge.core.response import interruption, response
from edge.core.response.interruption import (
    INTERRUPTION_MOVES,
    InterruptionMove,
    InterruptionState,
)
from edge.core.response.response import PHASE_MOVES, Phase, PhaseMove
from edge.core.session import call_phase
from edge.core.session.call_phase import CALL_MOVES, CallMove, CallPhase
from edge.protocols.realtime import speeches
from edge.protocols.realtime.speeches import SPOKEN_MOVES, SpokenMove, SpokenPhase
from runtime.moves import IllegalMoveError, moved
from workers import reasoning
from workers.reasoning import REASONING_MOVES, ReasoningMove, ReasoningPhase

Moves = Mapping[tuple[Any, Any], Any]
MACHINES: list[tuple[Moves, type[Enum], type[Enum]]] = [
    (CALL_MOVES, CallPhase, CallMove),
    (SHELL_MOVES, ShellPhase, ShellMove),
    (UTTERANCE_MOVES, UtterancePhase, UtteranceMove),
    (PHASE_MOVES, Phase, PhaseMove),
    (INTERRUPTION_MOVES, InterruptionState, InterruptionMove),
    (SPOKEN_MOVES, SpokenPhase, SpokenMove),
    (REASONING_MOVES, ReasoningPhase, ReasoningMove),
]
DRAWN: list[tuple[ModuleType, Moves]] = [
    (call_phase, CALL_MOVES),
    (shell_phase, SHELL_MOVES),
    (utterance, UTTERANCE_MOVES),
    (response, PHASE_MOVES),
    (interruption, INTERRUPTION_MOVES),
    (speeches, SPOKEN_MOVES),
    (reasoning, REASONING_MOVES),
]
ILLEGAL = [
    (moves, state, move)
    for moves, states, kinds in MACHINES
    for state, move in itertools.product(states, kinds)
    if (state, move) not in moves
]


def drawing(moves: Moves) -> str:
    """Return the drawing of a machine for its module's docstring: a line for each arrow."""
    arrows: dict[tuple[str, str], list[str]] = {}
    for (state, move), after in moves.items():
        name = move.name.lower().replace("_", " ")
        arrows.setdefault((name, after.name), []).append(state.name)
    return "\n".join(
        f"    {', '.join(states)} --{name}--> {after}" for (name, after), states in arrows.items()
    )


@pytest.mark.parametrize(("moves", "state", "move"), ILLEGAL, ids=str)
def test_an_illegal_move_raises(moves: Moves, state: Enum, move: Enum) -> None:
    with pytest.raises(IllegalMoveError, match=f"{move.name} in {state.name}"):
        moved(moves, state, move)


@pytest.mark.parametrize(("module", "moves"), DRAWN, ids=lambda one: getattr(one, "__name__", ""))
def test_the_drawing_in_the_docstring_is_that_of_the_table(
    module: ModuleType, moves: Moves
) -> None:
    assert f"\n\n{drawing(moves)}\n\n" in (module.__doc__ or "")


@pytest.mark.parametrize(("moves", "states", "kinds"), MACHINES)
def test_every_state_is_reached(moves: Moves, states: type[Enum], kinds: type[Enum]) -> None:
    assert {next(iter(states)), *moves.values()} == set(states)
    assert {move for _, move in moves} == set(kinds)


@pytest.mark.parametrize(
    ("moves", "last"),
    [
        (CALL_MOVES, CallPhase.OVER),
        (SHELL_MOVES, ShellPhase.FINISHED),
        (UTTERANCE_MOVES, UtterancePhase.ENDED),
    ],
)
def test_the_last_state_is_final_and_reached_from_all_others(moves: Moves, last: Enum) -> None:
    assert not [state for state, _ in moves if state is last]
    assert {state for (state, _), after in moves.items() if after is last} == set(type(last)) - {
        last
    }
