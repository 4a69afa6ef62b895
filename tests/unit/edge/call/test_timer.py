"""When a call is woken up."""

from __future__ import annotations

import asyncio

import pytest

from edge.call.clock import now_ms
from edge.call.timer import Alarm


class Sleeper:
    """Wants to be woken at a time that may change."""

    def __init__(self) -> None:
        self.due_ms: int | None = None
        self.woken_ms: list[int] = []
        self.alarm = Alarm(lambda: self.due_ms, self._wake)

    def in_ms(self, delay_ms: int) -> int:
        """Change its mind; return when it is due, Unix ms."""
        self.due_ms = due_ms = now_ms() + delay_ms
        self.alarm.set()
        return due_ms

    def _wake(self) -> None:
        self.woken_ms.append(now_ms())
        self.due_ms = None


@pytest.mark.parametrize("minds_ms", [[20], [10, 40]], ids=["set once", "set too early at first"])
async def test_it_rings_once_and_not_too_early(minds_ms: list[int]) -> None:
    sleeper = Sleeper()
    due_ms = [sleeper.in_ms(delay_ms) for delay_ms in minds_ms][-1]
    await asyncio.sleep((minds_ms[-1] + 50) / 1000)
    assert len(sleeper.woken_ms) == 1
    assert sleeper.woken_ms[0] >= due_ms


async def test_an_earlier_time_takes_the_place_of_a_later_one() -> None:
    sleeper = Sleeper()
    sleeper.in_ms(60_000)
    sleeper.in_ms(10)
    await asyncio.sleep(0.05)
    assert len(sleeper.woken_ms) == 1


async def test_what_is_stopped_does_not_ring() -> None:
    sleeper = Sleeper()
    sleeper.in_ms(10)
    sleeper.alarm.stop()
    await asyncio.sleep(0.04)
    assert sleeper.woken_ms == []
