"""When a call is woken up."""

import asyncio

from edge.alarm import Alarm
from edge.clock import now_ms


class Sleeper:
    """Wants to be woken at a time that may change."""

    def __init__(self):
        self.due_ms = None
        self.woken_ms = []
        self.alarm = Alarm(lambda: self.due_ms, self._wake)

    def in_ms(self, delay_ms):
        self.due_ms = now_ms() + delay_ms
        self.alarm.set()

    def _wake(self):
        self.woken_ms.append(now_ms())
        self.due_ms = None


async def test_it_rings_once_and_not_too_early():
    sleeper = Sleeper()
    sleeper.in_ms(20)
    due_ms = sleeper.due_ms
    await asyncio.sleep(0.06)
    assert len(sleeper.woken_ms) == 1
    assert sleeper.woken_ms[0] >= due_ms


async def test_an_earlier_time_takes_the_place_of_a_later_one():
    sleeper = Sleeper()
    sleeper.in_ms(60_000)
    sleeper.in_ms(10)
    await asyncio.sleep(0.05)
    assert len(sleeper.woken_ms) == 1


async def test_one_that_was_set_too_early_rings_at_the_later_time():
    sleeper = Sleeper()
    sleeper.in_ms(10)
    sleeper.in_ms(40)
    due_ms = sleeper.due_ms
    await asyncio.sleep(0.09)
    assert len(sleeper.woken_ms) == 1
    assert sleeper.woken_ms[0] >= due_ms


async def test_what_is_stopped_does_not_ring():
    sleeper = Sleeper()
    sleeper.in_ms(10)
    sleeper.alarm.stop()
    await asyncio.sleep(0.04)
    assert sleeper.woken_ms == []
