"""Connections with a budget, and what they spend."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass

import pytest

from edge.door.limits.allowance import OverBudgetError
from edge.door.limits.connection_budget import (
    Budgets,
    ConnectionBudget,
)
from edge.door.limits.costs import (
    Costs,
)

COSTS = Costs(frames_a_second=100, sound_at_once_s=60.0)


@dataclass
class Told:
    """A session's recognition, as a test says it."""

    outstanding: int = 0
    speaking: bool = False


@pytest.fixture
def stack() -> ExitStack:
    return ExitStack()


def opened(
    stack: ExitStack, budgets: Budgets | None = None, address: str = "a"
) -> ConnectionBudget:
    return stack.enter_context((budgets or Budgets(COSTS)).opened(address, 0.0))


def flood(budget: ConnectionBudget, spent: dict[str, float]) -> tuple[str, float]:
    """Spend as fast as it is read; return why the connection is closed, and when."""
    now_s = 0.0
    for _ in range(100_000):
        for name, amount in spent.items():
            setattr(budget, name, getattr(budget, name) + amount)
        try:
            now_s += 0.001 + budget.check(now_s)
        except OverBudgetError as over:
            return str(over), now_s
    return "", now_s


def live(budget: ConnectionBudget, seconds: float = 1.0) -> None:
    """Spend what a live caller does."""
    budget.frames += int(50 * seconds)
    budget.bytes += int(1000 * seconds)
    budget.work_s += 0.015 * seconds
    budget.sound_s += seconds
