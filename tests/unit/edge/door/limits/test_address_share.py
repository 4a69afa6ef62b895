"""What the connections of an address share of the sound, the work and the words."""

from __future__ import annotations

from contextlib import ExitStack

import pytest

from edge.door.limits.audio_ahead import (
    EDGE_SHARE,
    LONGEST_SHARE_WAIT_S,
    STRANGERS_SHARE,
    STRANGERS_TURNS,
)
from edge.door.limits.budgets import Budgets
from edge.door.limits.connection_budget import ADDRESS_MULTIPLE
from edge.door.limits.costs import (
    TURNS_AT_ONCE,
    WORK_AT_ONCE_S,
)
from tests.unit.edge.door.limits.spending import COSTS, Spent, opened


@pytest.fixture
def stack() -> ExitStack:
    return ExitStack()


def test_the_connections_of_an_address_share_what_may_be_ahead(stack: ExitStack) -> None:
    budgets = Budgets(COSTS)
    several = [opened(stack, budgets) for _ in range(6)]
    waits = []
    for budget in several:
        budget.identify(named=True)
        budget.spend_audio(60)
        waits.append(budget.check(0.0))
    assert [wait_s > 0 for wait_s in waits] == [False] * int(ADDRESS_MULTIPLE) + [True] * 4
    other = opened(stack, budgets, "b")
    other.identify(named=True)
    other.spend_audio(60)
    assert other.check(0.0) == 0.0


@pytest.mark.parametrize(("stranger", "share"), [(True, STRANGERS_SHARE), (False, EDGE_SHARE)])
def test_all_addresses_share_the_sound_that_may_be_ahead(
    stack: ExitStack, stranger: bool, share: float
) -> None:
    budgets, waits = Budgets(COSTS), []
    for number in range(100):
        budget = opened(stack, budgets, f"{number}")
        budget.identify(named=not stranger)
        budget.spend_audio(60)
        waits.append(budget.check(0.0))
    free = int(share)
    assert [wait_s > 0 for wait_s in waits] == [False] * free + [True] * (100 - free)
    assert max(waits) <= LONGEST_SHARE_WAIT_S
    assert budget.check(LONGEST_SHARE_WAIT_S) == 0.0  # it may have come late, over a bad line
    caller = opened(stack, budgets, "with a token")
    caller.identify(named=stranger)
    caller.spend_audio(60)
    assert caller.check(0.0) == 0.0
    live = opened(stack, budgets, "live")
    for second in range(60):
        live.spend_audio(1)
        live.spend_frames(50)
        assert live.check(float(second)) == 0.0


def test_a_live_caller_does_not_pay_the_debt_of_its_address(stack: ExitStack) -> None:
    budgets = Budgets(COSTS)
    for budget in [opened(stack, budgets) for _ in range(6)]:
        budget.spend_audio(60)
        budget.spend_work(WORK_AT_ONCE_S)
        budget.check(0.0)
    live = opened(stack, budgets)
    for second in range(60):
        live.spend_audio(1)
        live.spend_frames(50)
        assert live.check(float(second)) == 0.0


def test_a_new_connection_is_no_fresh_start_for_its_address() -> None:
    budgets, free = Budgets(COSTS), 0
    for _ in range(10):
        with budgets.opened("a", 0.0) as budget:
            budget.identify(named=True)
            budget.spend_audio(60)
            free += budget.check(0.0) == 0.0
    assert free == ADDRESS_MULTIPLE


def test_an_address_that_spent_nothing_is_not_remembered() -> None:
    budgets = Budgets(COSTS)
    for number in range(10):
        with budgets.opened(f"n{number}", 0.0) as budget:
            budget.spend_frames(10)
            budget.check(0.0)
    assert not budgets._addresses


def test_strangers_who_type_share_what_they_type_and_callers_do_not(stack: ExitStack) -> None:
    budgets = Budgets(COSTS)
    typed = 0
    for number in range(100):
        budget = opened(stack, budgets, f"a{number}")
        for _ in range(int(TURNS_AT_ONCE)):
            budget.spend_turn()
            if budget.check(0.0):
                assert budget.check(LONGEST_SHARE_WAIT_S) == 0.0  # it is late, and not lost
                break
            typed += 1
    assert typed < STRANGERS_TURNS < 100 * TURNS_AT_ONCE
    caller = opened(stack, budgets, "caller")
    caller.identify(named=True)
    Spent(turns=int(TURNS_AT_ONCE)).on(caller)
    assert caller.check(0.0) == 0.0
