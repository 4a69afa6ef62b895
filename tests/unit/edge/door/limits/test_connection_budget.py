"""What a connection may cost, with time as an argument."""

from __future__ import annotations

from contextlib import ExitStack

import pytest

from edge.door.limits.allowance import LONGEST_SLOWED_S, Load, OverBudgetError
from edge.door.limits.budgets import Budgets
from edge.door.limits.connection_budget import MOST_OUTSTANDING, MOST_OUTSTANDING_OF_ADDRESS
from edge.door.limits.costs import (
    AT_ONCE_S,
    AUDIO_PACE,
    BURST_AUDIO_S,
    BURST_BYTES,
    BURST_FRAMES,
    BURST_WORK_S,
    REFUSAL_WORK_S,
    TURNS_AT_ONCE,
    WORK_AT_ONCE_S,
)
from tests.unit.edge.door.limits.spending import COSTS, Spent, Told, flood, live, opened


@pytest.fixture
def stack() -> ExitStack:
    return ExitStack()


def test_a_live_caller_is_never_ahead_and_never_waits(stack: ExitStack) -> None:
    """50 frames a second for an hour, 15 ms of work in each, and a stall of 3 s now and then."""
    budget = opened(stack)
    for second in range(3600):
        came = 0 if second % 60 < 3 else 4 if second % 60 == 3 else 1
        budget.spend_frames(50 * came, 33_000 * came)
        budget.spend_work(0.015 * came)
        budget.spend_audio(came)
        assert budget.check(float(second)) == 0.0
        assert not budget.is_ahead
        assert not budget.load or second % 60 in range(3, 6)  # after the stall


@pytest.mark.parametrize(
    "spent",
    [
        Spent(frames=BURST_FRAMES + 1),
        Spent(size_bytes=BURST_BYTES + 1),
        Spent(work_s=BURST_WORK_S + 0.001),
        Spent(audio_s=BURST_AUDIO_S + 0.1),
    ],
)
def test_who_sends_more_at_once_than_a_live_caller_bursts_for_a_while(
    stack: ExitStack, spent: Spent
) -> None:
    budget = opened(stack)
    spent.on(budget)
    assert budget.check(0.0) == 0.0
    assert budget.load
    assert not budget.is_ahead
    budget.check(2.0)
    assert not budget.load


def test_a_recording_is_welcome_up_to_a_bound_then_paced(stack: ExitStack) -> None:
    budget = opened(stack)
    budget.spend_audio(60)
    assert budget.check(0.0) == 0.0
    assert budget.is_ahead
    budget.spend_audio(10)
    assert budget.check(0.0) == pytest.approx(10 / AUDIO_PACE)
    assert budget.check(5.0) == 0.0


def test_one_message_with_far_more_is_closed_at_once(stack: ExitStack) -> None:
    budget = opened(stack)
    budget.spend_audio(60 + AUDIO_PACE * LONGEST_SLOWED_S + 1)
    with pytest.raises(OverBudgetError, match="sound faster than it is spoken: more than 60 s"):
        budget.check(0.0)


def test_who_is_slowed_for_too_long_is_closed(stack: ExitStack) -> None:
    why, now_s = flood(opened(stack), Spent(audio_s=4.0))
    assert why.startswith("sound")
    assert LONGEST_SLOWED_S <= now_s <= LONGEST_SLOWED_S + 5


def test_who_was_slowed_once_and_then_speaks_is_not_closed(stack: ExitStack) -> None:
    budget = opened(stack)
    budget.spend_audio(100)
    now_s = budget.check(0.0)
    for _ in range(300):
        now_s += 1
        budget.spend_audio(1)
        assert budget.check(now_s) == 0.0


@pytest.mark.parametrize(
    ("spent", "why"),
    [
        (Spent(frames=10), "WebSocket frames"),
        (Spent(size_bytes=300_000), "bytes"),
        (Spent(work_s=0.03), "work"),
        (Spent(turns=1), "typed turns"),
    ],
)
def test_everything_that_costs_is_paced_and_then_closed(
    stack: ExitStack, spent: Spent, why: str
) -> None:
    """Sent as fast as it is read: the flood gets its rate, for half a minute."""
    told, now_s = flood(opened(stack), spent)
    assert why in told
    assert LONGEST_SLOWED_S <= now_s < 2 * LONGEST_SLOWED_S


def test_frames_of_a_stall_come_at_once_and_cost_no_wait(stack: ExitStack) -> None:
    budget = opened(stack)
    budget.spend_frames(int(AT_ONCE_S * COSTS.frames_per_second))
    assert budget.check(0.0) == 0.0


def test_typed_turns_come_at_once_up_to_a_bound(stack: ExitStack) -> None:
    budget = opened(stack)
    Spent(turns=int(TURNS_AT_ONCE)).on(budget)
    assert budget.check(0.0) == 0.0
    Spent(turns=2).on(budget)
    assert budget.check(0.0) == pytest.approx(2.0)


def test_who_is_refused_again_and_again_is_slowed_and_who_tries_now_and_then_is_not(
    stack: ExitStack,
) -> None:
    patient, greedy = opened(stack), opened(stack, address="b")
    for second in range(600):
        patient.spend_work(REFUSAL_WORK_S)
        assert patient.check(float(second)) == 0.0
    refused = 0
    while not greedy.check(0.0):
        greedy.spend_work(REFUSAL_WORK_S)
        refused += 1
    assert refused <= WORK_AT_ONCE_S / REFUSAL_WORK_S + 1
    assert greedy.load


def test_what_a_live_caller_spends_is_cleared_and_still_counts_at_the_next_check(
    stack: ExitStack,
) -> None:
    budget = opened(stack)
    assert budget.is_small
    for second in range(1, 5):
        live(budget)
        assert budget.clear_if_live(float(second))
        assert budget.is_small
    live(budget, 3.0)
    assert not budget.clear_if_live(4.1)  # more than in a tenth of a second
    assert not budget.is_small
    assert budget.check(4.1) == 0.0
    assert budget.load is Load.BURSTS
    assert not budget.clear_if_live(5.0)  # a burst is charged until it is over


@pytest.mark.parametrize(
    "spent",
    [
        Spent(frames=1_000_000),
        Spent(size_bytes=100_000_000),
        Spent(work_s=1_000_000),
        Spent(audio_s=1_000_000),
        Spent(turns=1_000),
    ],
)
def test_more_than_a_live_caller_spends_is_not_cleared(stack: ExitStack, spent: Spent) -> None:
    budget = opened(stack)
    spent.on(budget)
    assert not budget.clear_if_live(60.0)
    assert not budget.is_small
    with pytest.raises(OverBudgetError):
        budget.check(60.0)


def ahead(stack: ExitStack, budgets: Budgets, told: Told | None) -> bool:
    """Return whether sound that is ahead must wait, of a session whose words are *told*."""
    budget = opened(stack, budgets)
    budget.watch(told)
    budget.spend_audio(30)
    budget.check(0.0)
    assert budget.is_ahead
    return budget.is_held(strained=False)


@pytest.mark.parametrize(
    ("told", "held"),
    [
        (None, False),
        (Told(MOST_OUTSTANDING - 1), False),
        (Told(MOST_OUTSTANDING), True),
        (Told(MOST_OUTSTANDING, speaking=True), False),
    ],
)
def test_sound_that_is_ahead_waits_for_the_words_of_what_was_sent(
    stack: ExitStack, told: Told | None, *, held: bool
) -> None:
    assert ahead(stack, Budgets(COSTS), told) is held


def test_sound_that_is_ahead_waits_where_its_address_has_enough_or_a_stage_falls_behind(
    stack: ExitStack,
) -> None:
    budgets = Budgets(COSTS)
    first = opened(stack, budgets)
    first.watch(Told())
    assert not first.is_held(strained=True)  # it is live
    first.spend_audio(30)
    first.check(0.0)
    assert (first.is_held(strained=False), first.is_held(strained=True)) == (False, True)
    for _ in range(MOST_OUTSTANDING_OF_ADDRESS - 1):
        opened(stack, budgets).watch(Told(1))
    assert not first.is_held(strained=False)
    opened(stack, budgets).watch(Told(1))
    assert first.outstanding == 0
    assert first.is_held(strained=False)
    assert (budgets.is_ahead("a"), budgets.is_ahead("b")) == (True, False)


def test_it_knows_its_address_and_whether_its_caller_has_a_token(stack: ExitStack) -> None:
    budget = stack.enter_context(Budgets(COSTS).opened("203.0.113.7", 0.0))
    assert (budget.address, budget.is_stranger) == ("203.0.113.7", True)
    budget.identify(named=True)
    assert not budget.is_stranger
