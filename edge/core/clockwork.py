"""Drives a call in simulated time: scheduled inputs and the call's timer, in order of time.

What-if replays, tests and benchmarks use this; an edge drives its calls by the real clock, and
`aura replay --decide` by the ticks of the log.
"""

import heapq
import itertools
from collections.abc import Callable

from edge.core.call import Call
from edge.core.messages.effects import Effect
from edge.core.messages.inputs import AnyInput, Ticked


class Clockwork:
    """A call, its scheduled inputs, and its timer."""

    def __init__(self, call: Call, carry_out: Callable[[list[Effect], int], None]) -> None:
        """Drive *call*; *carry_out* gets the effects of each input with its time, Unix ms."""
        self.call = call
        self._carry_out = carry_out
        self._scheduled: list[tuple[int, int, AnyInput]] = []
        self._order = itertools.count()
        self._due_ms: int | None = None

    def give(self, call_input: AnyInput, now_ms: int) -> bool:
        """Pass an input to the call now; return whether it had effects."""
        effects = self.call.step(call_input, now_ms)
        self._due_ms = self.call.due_ms(now_ms)
        if effects:  # most inputs have no effects
            self._carry_out(effects, now_ms)
        return bool(effects)

    def schedule(self, call_input: AnyInput, at_ms: int) -> None:
        """Schedule an input for *at_ms*."""
        heapq.heappush(self._scheduled, (at_ms, next(self._order), call_input))

    @property
    def next_ms(self) -> int | None:
        """The time of the next scheduled input or timer, Unix ms, or None if there is neither."""
        times = [self._scheduled[0][0]] if self._scheduled else []
        if self._due_ms is not None:
            times.append(self._due_ms)
        return min(times, default=None)

    def run_until(self, until_ms: int) -> None:
        """Run scheduled inputs and the timer up to *until_ms*; inputs go before the timer."""
        early_ms: int | None = None
        """The due time of a timer that had no effect, so that it is not run again."""
        while True:
            due_ms = None if self._due_ms == early_ms else self._due_ms
            if self._scheduled and (due_ms is None or self._scheduled[0][0] <= due_ms):
                if self._scheduled[0][0] >= until_ms:
                    return
                at_ms, _, call_input = heapq.heappop(self._scheduled)
                self.give(call_input, at_ms)
            elif due_ms is not None and due_ms < until_ms:
                if not self.give(Ticked(), due_ms) and self._due_ms == due_ms:
                    early_ms = due_ms
            else:
                return
