"""An interruption moves as its drawing says, and in no other way."""

from __future__ import annotations

import itertools

import pytest

from edge.core import moves
from edge.core.moves import IllegalMoveError
from edge.core.response.interruption import MOVES, InterruptionState, Move

NONE, SUSPECTED, STOPPED, CONFIRMED, DISMISSED = InterruptionState
ALL = set(itertools.product(InterruptionState, Move))


def moved(state: InterruptionState, move: Move) -> InterruptionState:
    return moves.moved(MOVES, state, move)


def test_sound_over_a_response_is_suspected_until_words_confirm_it() -> None:
    assert moved(moved(NONE, Move.SUSPECT), Move.CONFIRM) is CONFIRMED


def test_a_client_that_was_stopped_waits_for_the_words() -> None:
    stopped = moved(moved(NONE, Move.SUSPECT), Move.STOP)
    assert stopped is STOPPED
    assert moved(stopped, Move.SUSPECT) is STOPPED
    assert moved(stopped, Move.CONFIRM) is CONFIRMED
    assert moved(stopped, Move.DISMISS) is DISMISSED


def test_words_confirm_also_where_nothing_was_suspected() -> None:
    assert moved(NONE, Move.CONFIRM) is moved(DISMISSED, Move.CONFIRM) is CONFIRMED


def test_a_dismissed_interruption_may_be_suspected_again() -> None:
    dismissed = moved(moved(NONE, Move.SUSPECT), Move.DISMISS)
    assert dismissed is DISMISSED
    assert moved(dismissed, Move.SUSPECT) is SUSPECTED


@pytest.mark.parametrize(("state", "move"), sorted(ALL - MOVES.keys(), key=str))
def test_an_illegal_move_raises(state: InterruptionState, move: Move) -> None:
    with pytest.raises(IllegalMoveError, match=f"{move.name} in {state.name}"):
        moved(state, move)


def test_a_confirmed_interruption_is_final() -> None:
    assert not [state for state, _ in MOVES if state is CONFIRMED]


def test_every_state_is_reached() -> None:
    assert {NONE, *MOVES.values()} == set(InterruptionState)
