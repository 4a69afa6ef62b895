"""When a call is given its time."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from edge.call.timer import Timer


class Ring:
    """Something that a clock calls at its time."""

    def __init__(self, at_ms: int, call: Callable[[], None]) -> None:
        self.at_ms = at_ms
        self.call: Callable[[], None] | None = call

    def cancel(self) -> None:
        self.call = None


class Clock:
    """Time passes when it is told to; timers are set on it as on an event loop."""

    def __init__(self) -> None:
        self.time_ms = 1_000_000
        self._set: list[Ring] = []

    def now_ms(self) -> int:
        return self.time_ms

    def call_later(self, delay_s: float, call: Callable[[], None]) -> Ring:
        ring = Ring(self.time_ms + round(delay_s * 1000), call)
        self._set.append(ring)
        return ring

    def passes(self, ms: int) -> None:
        """Let *ms* pass, one after the other, and ring what is due."""
        for _ in range(ms):
            self.time_ms += 1
            self.rings()

    def rings(self, *, early_ms: int = 0) -> None:
        """Ring what is due, or *early_ms* before it is: an event loop's clock is another one."""
        due = [ring for ring in self._set if ring.at_ms <= self.time_ms + early_ms]
        self._set = [ring for ring in self._set if ring not in due]
        for ring in due:
            if ring.call:
                ring.call()


class Sleeper:
    """Wants to be woken at a time that may change."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.due_ms: int | None = None
        self.woken_ms: list[int] = []
        self.timer = Timer(
            lambda _: self.due_ms,
            self._wake,
            now_ms=self.clock.now_ms,
            call_later=self.clock.call_later,
        )

    def in_ms(self, delay_ms: int) -> int:
        """Change its mind; return when it is due, Unix ms."""
        self.due_ms = due_ms = self.clock.time_ms + delay_ms
        self.timer.set()
        return due_ms

    def _wake(self) -> None:
        self.woken_ms.append(self.clock.time_ms)
        self.due_ms = None


@pytest.mark.parametrize("minds_ms", [[20], [10, 40]], ids=["set once", "set too early at first"])
def test_it_rings_once_and_not_too_early(minds_ms: list[int]) -> None:
    sleeper = Sleeper()
    due_ms = [sleeper.in_ms(delay_ms) for delay_ms in minds_ms][-1]
    sleeper.clock.passes(minds_ms[-1] + 50)
    assert sleeper.woken_ms == [due_ms]


def test_a_clock_that_rings_a_moment_early_is_set_again() -> None:
    sleeper = Sleeper()
    due_ms = sleeper.in_ms(20)
    sleeper.clock.passes(19)
    sleeper.clock.rings(early_ms=1)
    assert sleeper.woken_ms == []
    sleeper.clock.passes(20)
    assert sleeper.woken_ms == [due_ms]


def test_an_earlier_time_takes_the_place_of_a_later_one() -> None:
    sleeper = Sleeper()
    sleeper.in_ms(60_000)
    due_ms = sleeper.in_ms(10)
    sleeper.clock.passes(70_000)
    assert sleeper.woken_ms == [due_ms]


def test_it_can_be_set_again_after_it_rang() -> None:
    sleeper = Sleeper()
    first_ms = sleeper.in_ms(10)
    sleeper.clock.passes(10)
    second_ms = sleeper.in_ms(10)
    sleeper.clock.passes(10)
    assert sleeper.woken_ms == [first_ms, second_ms]


def test_what_is_due_already_rings_at_once() -> None:
    sleeper = Sleeper()
    sleeper.in_ms(-5)
    sleeper.clock.rings()
    assert sleeper.woken_ms == [sleeper.clock.time_ms]


def test_what_is_never_due_does_not_ring() -> None:
    sleeper = Sleeper()
    sleeper.timer.set()
    sleeper.in_ms(10)
    sleeper.due_ms = None
    sleeper.clock.passes(1000)
    assert sleeper.woken_ms == []


def test_what_is_stopped_does_not_ring() -> None:
    sleeper = Sleeper()
    sleeper.in_ms(10)
    sleeper.timer.stop()
    sleeper.clock.passes(1000)
    assert sleeper.woken_ms == []
