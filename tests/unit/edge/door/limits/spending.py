"""Connections with a budget, and what they spend."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from typing import NamedTuple

import pytest

from edge.door.limits.allowance import OverBudgetError
from edge.door.limits.budgets import Budgets
from edge.door.limits.connection_budget import ConnectionBudget
from edge.door.limits.costs import (
    Costs,
)

COSTS = Costs(frames_per_second=100, audio_at_once_s=60.0)


@dataclass
class Told:
    """A session's recognition, as a test says it."""

    outstanding: int = 0
    speaking: bool = False


class Spent(NamedTuple):
    """What a connection spends at once."""

    frames: int = 0
    size_bytes: int = 0
    work_s: float = 0.0
    audio_s: float = 0.0
    turns: int = 0

    def on(self, budget: ConnectionBudget) -> None:
        """Spend it on *budget*."""
        budget.spend_frames(self.frames, self.size_bytes)
        budget.spend_work(self.work_s)
        budget.spend_audio(self.audio_s)
        for _ in range(self.turns):
            budget.spend_turn()


@pytest.fixture
def stack() -> ExitStack:
    return ExitStack()


def opened(
    stack: ExitStack, budgets: Budgets | None = None, address: str = "a"
) -> ConnectionBudget:
    return stack.enter_context((budgets or Budgets(COSTS)).opened(address, 0.0))


def flood(budget: ConnectionBudget, spent: Spent) -> tuple[str, float]:
    """Spend as fast as it is read; return why the connection is closed, and when."""
    now_s = 0.0
    for _ in range(100_000):
        spent.on(budget)
        try:
            now_s += 0.001 + budget.check(now_s)
        except OverBudgetError as over:
            return str(over), now_s
    return "", now_s


def live(budget: ConnectionBudget, seconds: float = 1.0) -> None:
    """Spend what a live caller does."""
    budget.spend_frames(int(50 * seconds), int(1000 * seconds))
    budget.spend_work(0.015 * seconds)
    budget.spend_audio(seconds)
