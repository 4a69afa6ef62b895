"""An interruption moves as its drawing says, and in no other way."""

from __future__ import annotations

import pytest

from edge.core.response.interruption import (
    INTERRUPTION_MOVES,
    Interruption,
    InterruptionMove,
    InterruptionState,
)
from runtime import moves

NONE, SUSPECTED, STOPPED, CONFIRMED, DISMISSED = InterruptionState
SUSPECT, STOP, CONFIRM, DISMISS = InterruptionMove


def moved(state: InterruptionState, move: InterruptionMove) -> InterruptionState:
    return moves.moved(INTERRUPTION_MOVES, state, move)


def test_sound_over_a_response_is_suspected_until_words_confirm_it() -> None:
    assert moved(moved(NONE, SUSPECT), CONFIRM) is CONFIRMED


def test_a_client_that_was_stopped_waits_for_the_words() -> None:
    stopped = moved(moved(NONE, SUSPECT), STOP)
    assert stopped is STOPPED
    assert moved(stopped, SUSPECT) is STOPPED
    assert moved(stopped, CONFIRM) is CONFIRMED
    assert moved(stopped, DISMISS) is DISMISSED


def test_words_confirm_also_where_nothing_was_suspected() -> None:
    assert moved(NONE, CONFIRM) is moved(DISMISSED, CONFIRM) is CONFIRMED


def test_a_dismissed_interruption_may_be_suspected_again() -> None:
    dismissed = moved(moved(NONE, SUSPECT), DISMISS)
    assert dismissed is DISMISSED
    assert moved(dismissed, SUSPECT) is SUSPECTED


def test_a_confirmed_interruption_is_final() -> None:
    assert not [state for state, _ in INTERRUPTION_MOVES if state is CONFIRMED]


def test_an_interruption_that_is_final_moves_no_more() -> None:
    interruption = Interruption()
    interruption.move(CONFIRM)
    with pytest.raises(moves.IllegalMoveError, match="DISMISS in CONFIRMED"):
        interruption.move(DISMISS)
    assert interruption.state is CONFIRMED


@pytest.mark.parametrize(
    ("taken", "held", "stopped"),
    [
        ([], False, False),
        ([SUSPECT], True, False),
        ([SUSPECT, STOP], True, True),
        ([SUSPECT, DISMISS], False, False),
        ([CONFIRM], False, False),
    ],
)
def test_a_response_is_held_while_its_interruption_is_in_doubt(
    *, taken: list[InterruptionMove], held: bool, stopped: bool
) -> None:
    interruption = Interruption()
    for move in taken:
        interruption.move(move)
    assert (interruption.held, interruption.stopped) == (held, stopped)
