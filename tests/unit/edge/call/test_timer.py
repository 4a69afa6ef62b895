"""A timer rings once, at the earliest time that it was set to."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable
from dataclasses import dataclass, field

from edge.call.timer import Timer
from edge.core.call import NEVER_MS


@dataclass
class Handle:
    cancelled: bool = False

    def cancel(self) -> None:
        self.cancelled = True


@dataclass
class Loop:
    """A clock that moves when it is told to, and rings what is due."""

    now_ms: int = 1_000_000
    early_ms: int = 0
    """How much too early it calls."""
    calls: list[tuple[float, int, Callable[[], None], Handle]] = field(default_factory=list)
    order: itertools.count[int] = field(default_factory=itertools.count)

    def call_later(self, delay_s: float, function: Callable[[], None]) -> Handle:
        handle = Handle()
        at_ms = self.now_ms + delay_s * 1000
        heapq.heappush(self.calls, (at_ms, next(self.order), function, handle))
        return handle

    def pass_time(self, ms: int) -> None:
        until_ms = self.now_ms + ms
        while self.calls and self.calls[0][0] - self.early_ms <= until_ms:
            at_ms, _, function, handle = heapq.heappop(self.calls)
            if not handle.cancelled:
                self.now_ms = max(self.now_ms, round(at_ms) - self.early_ms)
                self.early_ms = 0
                function()
        self.now_ms = until_ms


class Watched(Timer):
    """A timer on a loop, and when it rang."""

    def __init__(self, loop: Loop) -> None:
        super().__init__(now_ms=lambda: loop.now_ms, call_later=loop.call_later)
        self.rang = list[int]()
        self._loop = loop

    def at(self, at_ms: int) -> None:
        self.set(at_ms, self._loop.now_ms, self._note)

    def _note(self) -> None:
        self.rang.append(self._loop.now_ms - 1_000_000)


def watched(early_ms: int = 0) -> tuple[Loop, Watched, list[int]]:
    loop = Loop(early_ms=early_ms)
    timer = Watched(loop)
    return loop, timer, timer.rang


def test_it_rings_once_and_not_too_early() -> None:
    loop, timer, rang = watched()
    timer.at(loop.now_ms + 50)
    loop.pass_time(40)
    assert not rang
    loop.pass_time(100)
    assert rang == [50]


def test_a_loop_that_calls_a_moment_early_is_asked_again() -> None:
    loop, timer, rang = watched(early_ms=3)
    timer.at(loop.now_ms + 50)
    loop.pass_time(100)
    assert rang == [50]


def test_an_earlier_time_takes_the_place_of_a_later_one() -> None:
    loop, timer, rang = watched()
    timer.at(loop.now_ms + 80)
    timer.at(loop.now_ms + 30)
    loop.pass_time(200)
    assert rang == [30]


def test_it_can_be_set_again_after_it_rang() -> None:
    loop, timer, rang = watched()
    timer.at(loop.now_ms + 30)
    loop.pass_time(40)
    assert timer.rings_ms == NEVER_MS
    timer.at(loop.now_ms + 30)
    loop.pass_time(40)
    assert rang == [30, 70]


def test_a_time_that_has_passed_rings_at_once() -> None:
    loop, timer, rang = watched()
    timer.at(loop.now_ms - 5)
    loop.pass_time(1)
    assert rang == [0]


def test_what_is_stopped_does_not_ring() -> None:
    loop, timer, rang = watched()
    timer.at(loop.now_ms + 30)
    timer.stop()
    loop.pass_time(100)
    assert not rang
