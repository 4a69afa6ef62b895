"""Decides which work of a connection waits, by its budget and by its work so far. Pure.

Times are seconds, and arguments.
"""

from collections.abc import Callable

from edge.door.limits.connection_budget import ConnectionBudget
from edge.door.limits.work_order import Place

YIELD_AFTER_S, NAMED_YIELD_AFTER_S = 0.001, 0.003
"""Work after which others get the loop: that of a stranger, and of a caller with a token."""


class PaceState:
    """The work of one connection since others ran."""

    def __init__(self, budget: ConnectionBudget) -> None:
        self.budget = budget
        self._since_s = 0.0
        """Work since other tasks last ran."""
        self._has_waited = False
        """Whether it waited in the queue since the last wait for its client."""

    def worked(self, took_s: float) -> None:
        """Count *took_s* of the event loop, and charge the budget."""
        self.budget.spend_work(took_s)
        self._since_s += took_s

    def take_work(self) -> float:
        """Return the work since other tasks last ran, and count anew: they run now."""
        took_s, self._since_s = self._since_s, 0.0
        return took_s

    def waited(self) -> None:
        self._has_waited = True

    def caught_up(self) -> None:
        """Note that all data are processed: the reader waits for its client, and others run."""
        if not self.budget.load:
            self._since_s, self._has_waited = 0.0, False

    def check(self, now_s: float) -> float:
        """Return the seconds for which nothing may be read.

        Raises:
            OverBudgetError: the connection is to be closed.
        """
        if self.budget.is_small or self.budget.clear_if_live(now_s):
            return 0.0
        return self.budget.check(now_s)

    def wait_s(self, now_s: float, until_s: float, strained: Callable[[], str]) -> float:
        """Return the seconds for which the next message waits: for its debt, or for the stages.

        Audio that is ahead waits until *until_s* at most while *strained* names a stage.

        Raises:
            OverBudgetError: the connection is to be closed.
        """
        if wait_s := self.check(now_s):
            return wait_s
        if self.budget.is_ahead and self.budget.is_held(strained=bool(strained())):
            return max(0.0, until_s - now_s)
        return 0.0

    def lets_others_run(self, *, round_is_full: bool, has_more: bool) -> bool:
        """Tell whether it bursts, or has worked for long since other tasks ran.

        In a full round of the event loop, a stranger with more data waits too. Such a wait comes
        once until all the data are processed.
        """
        stranger = self.budget.is_stranger
        most_s = YIELD_AFTER_S if stranger else NAMED_YIELD_AFTER_S
        crowded = round_is_full and has_more and stranger and not self._has_waited
        return bool(self.budget.load) or self._since_s > most_s or crowded

    @property
    def queues(self) -> bool:
        """Whether its pieces wait in the queue; those of a live caller with a token do not."""
        return self.budget.is_stranger or bool(self.budget.load)

    @property
    def place(self) -> Place:
        """The place in the work queue."""
        if self.budget.load:
            return Place.FAIR
        return Place.NEXT if self.budget.is_stranger else Place.LIVE
