"""Sound that is ahead waits for the utterances of its connection and its address."""

from __future__ import annotations

from contextlib import ExitStack

import pytest

from edge.door.limits.budgets import Budgets
from edge.door.limits.connection_budget import MOST_OUTSTANDING, MOST_OUTSTANDING_OF_ADDRESS
from tests.unit.edge.door.limits.spending import COSTS, Told, opened


@pytest.fixture
def stack() -> ExitStack:
    return ExitStack()


def test_sound_that_is_ahead_waits_for_its_own_utterances(stack: ExitStack) -> None:
    budget = opened(stack)
    told = Told(outstanding=MOST_OUTSTANDING)
    budget.watch(told)
    assert not budget.is_held(strained=True)  # it is live
    budget.spend_audio(30)
    budget.check(0.0)
    assert budget.is_held(strained=False)
    told.outstanding = 1
    assert not budget.is_held(strained=False)
    assert budget.is_held(strained=True)
    told.speaking = True
    assert not budget.is_held(strained=True)  # a wait would be taken for silence


def test_it_waits_for_those_of_its_address_too(stack: ExitStack) -> None:
    budgets = Budgets(COSTS)
    several = [opened(stack, budgets) for _ in range(MOST_OUTSTANDING_OF_ADDRESS)]
    for budget in several:
        budget.watch(Told(outstanding=1))
        budget.spend_audio(15)
        budget.check(0.0)
    assert all(budget.is_held(strained=False) for budget in several)
    assert budgets.is_ahead("a")
    assert not budgets.is_ahead("b")
    assert not opened(stack, budgets, "b").is_held(strained=True)
