"""Which work of a connection waits, with time as an argument."""

from __future__ import annotations

from contextlib import ExitStack

import pytest

from edge.door.limits.allowance import OverBudgetError
from edge.door.limits.connection_budget import MOST_OUTSTANDING
from edge.door.limits.costs import BURST_FRAMES
from edge.door.limits.pace_state import NAMED_YIELD_AFTER_S, YIELD_AFTER_S, PaceState
from edge.door.limits.work_order import Place
from tests.unit.edge.door.limits.spending import Spent, Told, live, opened


@pytest.fixture
def stack() -> ExitStack:
    return ExitStack()


def keeps_up() -> str:
    return ""


def a_burst(state: PaceState) -> None:
    state.budget.spend_frames(BURST_FRAMES + 1)
    assert state.check(0.0) == 0.0
    assert state.budget.load


@pytest.mark.parametrize(
    ("named", "worked_s", "waits"),
    [
        (False, YIELD_AFTER_S, False),
        (False, YIELD_AFTER_S + 1e-6, True),
        (True, NAMED_YIELD_AFTER_S, False),
        (True, NAMED_YIELD_AFTER_S + 1e-6, True),
    ],
)
def test_long_work_lets_others_run_and_is_counted_anew(
    stack: ExitStack, *, named: bool, worked_s: float, waits: bool
) -> None:
    state = PaceState(opened(stack))
    state.budget.identify(named=named)
    state.worked(worked_s)
    assert state.lets_others_run(round_is_full=False, has_more=True) is waits
    assert state.take_work() == worked_s
    assert not state.lets_others_run(round_is_full=False, has_more=True)


@pytest.mark.parametrize("named", [True, False])
def test_a_full_round_is_left_once_by_strangers_with_more(stack: ExitStack, *, named: bool) -> None:
    state = PaceState(opened(stack))
    state.budget.identify(named=named)
    assert not state.lets_others_run(round_is_full=True, has_more=False)
    assert not state.lets_others_run(round_is_full=False, has_more=True)
    assert state.lets_others_run(round_is_full=True, has_more=True) is not named
    state.waited()
    assert not state.lets_others_run(round_is_full=True, has_more=True)
    state.caught_up()
    assert state.lets_others_run(round_is_full=True, has_more=True) is not named


@pytest.mark.parametrize("named", [True, False])
def test_pieces_of_strangers_and_of_bursts_take_the_queue(stack: ExitStack, *, named: bool) -> None:
    state = PaceState(opened(stack))
    state.budget.identify(named=named)
    assert state.queues is not named
    if named:
        a_burst(state)
        assert state.queues


def test_a_burst_always_lets_others_run_and_has_not_caught_up(stack: ExitStack) -> None:
    state = PaceState(opened(stack))
    a_burst(state)
    assert state.lets_others_run(round_is_full=False, has_more=False)
    state.worked(1e-4)
    state.caught_up()
    assert state.take_work() == 1e-4


@pytest.mark.parametrize(
    ("named", "bursts", "place"),
    [
        (False, False, Place.NEXT),
        (True, False, Place.LIVE),
        (False, True, Place.FAIR),
        (True, True, Place.FAIR),
    ],
)
def test_the_place_follows_the_token_and_the_load(
    stack: ExitStack, *, named: bool, bursts: bool, place: Place
) -> None:
    state = PaceState(opened(stack))
    state.budget.identify(named=named)
    if bursts:
        a_burst(state)
    assert state.place is place


def test_a_live_caller_never_waits(stack: ExitStack) -> None:
    state = PaceState(opened(stack))
    for second in range(100):
        live(state.budget)
        assert state.wait_s(float(second), second + 10.0, lambda: "stt") == 0.0


def test_a_debt_is_waited_for_and_too_long_a_one_ends_the_connection(stack: ExitStack) -> None:
    state = PaceState(opened(stack))
    Spent(frames=2_100).on(state.budget)
    assert state.wait_s(0.0, 10.0, keeps_up) == pytest.approx(1.0)
    assert state.wait_s(1.0, 10.0, keeps_up) == 0.0
    Spent(frames=20_000).on(state.budget)
    with pytest.raises(OverBudgetError):
        state.wait_s(1.0, 10.0, keeps_up)


@pytest.mark.parametrize("by_stage", [True, False])
def test_sound_that_is_ahead_waits_for_the_stages_but_not_for_ever(
    stack: ExitStack, *, by_stage: bool
) -> None:
    state = PaceState(opened(stack))
    told = Told(outstanding=0 if by_stage else MOST_OUTSTANDING)
    state.budget.watch(told)
    state.budget.spend_audio(30)
    stage = "stt" if by_stage else ""
    assert state.wait_s(0.0, 10.0, lambda: stage) == 10.0
    assert state.wait_s(4.0, 10.0, lambda: stage) == 6.0
    assert state.wait_s(11.0, 10.0, lambda: stage) == 0.0
    stage, told.outstanding = "", 0
    assert state.wait_s(4.0, 10.0, lambda: stage) == 0.0
