"""When a connection is checked, and what of its spending is cleared without a check."""

from __future__ import annotations

from contextlib import ExitStack

import pytest

from edge.door.limits.budgets import Budgets
from edge.door.limits.costs import (
    BURST_AUDIO_S,
    BURST_BYTES,
    BURST_FRAMES,
    BURST_WORK_S,
    CHECK_BYTES,
    CHECK_FRAMES,
    CHECK_WORK_S,
    TURNS_AT_ONCE,
    Costs,
)
from tests.unit.edge.door.limits.spending import Spent, live, opened


@pytest.fixture
def stack() -> ExitStack:
    return ExitStack()


def test_it_is_checked_every_few_frames(stack: ExitStack) -> None:
    budget = opened(stack)
    for _ in range(CHECK_FRAMES):
        assert budget.is_small
        budget.spend_frames(1)
    assert not budget.is_small


@pytest.mark.parametrize(
    "spent", [Spent(size_bytes=CHECK_BYTES), Spent(work_s=CHECK_WORK_S), Spent(turns=1)]
)
def test_more_than_live_sound_costs_is_reckoned_up_at_once(stack: ExitStack, spent: Spent) -> None:
    budget = opened(stack)
    spent.on(budget)
    assert not budget.is_small


def test_whoever_owes_or_bursts_is_checked_every_time(stack: ExitStack) -> None:
    types, hurries = opened(stack), opened(stack, address="b")
    Spent(turns=int(TURNS_AT_ONCE) + 1).on(types)
    assert types.check(0.0) == pytest.approx(1.0)
    assert not types.is_small
    assert types.check(1.0) == 0.0
    assert types.is_small
    hurries.spend_frames(int(BURST_FRAMES) + 1)
    hurries.check(0.0)
    assert not hurries.is_small


def test_a_live_caller_is_cleared_every_second_and_never_checked(stack: ExitStack) -> None:
    budget = opened(stack)
    for second in range(1, 3600):
        live(budget)
        assert budget.clear_if_live(float(second))
        assert budget.is_small


def test_who_was_checked_is_cleared_again_once_all_is_refilled(stack: ExitStack) -> None:
    budget = opened(stack)
    live(budget)
    assert not budget.clear_if_live(0.1)
    assert budget.check(0.1) == 0.0
    live(budget, 0.2)
    assert not budget.clear_if_live(0.3)
    live(budget, 0.8)
    assert budget.clear_if_live(2.0)


@pytest.mark.parametrize("long_s", [1.0, 1000.0])
def test_a_burst_counts_as_if_nothing_had_been_cleared(stack: ExitStack, long_s: float) -> None:
    budget = opened(stack)
    live(budget)
    assert budget.clear_if_live(long_s)
    budget.spend_audio(BURST_AUDIO_S - 1 + 0.1)
    assert not budget.clear_if_live(long_s)
    budget.check(long_s)
    assert budget.load


@pytest.mark.parametrize(
    "spent",
    [
        Spent(frames=BURST_FRAMES + 1),
        Spent(size_bytes=BURST_BYTES + 1),
        Spent(work_s=BURST_WORK_S + 0.001),
        Spent(audio_s=BURST_AUDIO_S + 0.1),
        Spent(turns=1),
    ],
)
def test_a_silence_saves_nothing_up(stack: ExitStack, spent: Spent) -> None:
    budget = opened(stack)
    spent.on(budget)
    assert not budget.clear_if_live(1000.0)


def test_fewer_frames_than_live_ones_are_cleared_where_the_operator_allows_few(
    stack: ExitStack,
) -> None:
    budget = opened(stack, Budgets(Costs(frames_per_second=10)))
    budget.spend_frames(11)
    assert not budget.clear_if_live(1.0)
    budget.check(1.0)
    budget.spend_frames(5)
    assert budget.clear_if_live(4.0)
