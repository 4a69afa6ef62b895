"""Who is next, where many wait."""

from __future__ import annotations

from collections import Counter

import pytest

from edge.door.limits.fair_queue import FairQueue
from runtime.common_share import MOST_ADDRESSES


def test_an_address_with_many_waits_gets_no_more_than_one_with_few() -> None:
    queue: FairQueue[str] = FairQueue()
    for address in ("many",) * 8 + ("few",):
        queue.add(address, address)
    had: Counter[str] = Counter()
    for _ in range(100):
        address = queue.pop()
        had[address] += 1
        queue.charge(address, 1.0)
        queue.add(address, address)
    assert abs(had["many"] - had["few"]) <= 8


def test_the_dearer_waits_longer() -> None:
    queue: FairQueue[str] = FairQueue()
    costs, had = {"dear": 3.0, "cheap": 1.0}, Counter[str]()
    for address in costs:
        queue.add(address, address)
    for _ in range(400):
        address = queue.pop()
        had[address] += 1
        queue.charge(address, costs[address])
        queue.add(address, address)
    assert had["cheap"] == pytest.approx(3 * had["dear"], rel=0.05)


def test_all_that_waits_can_be_looked_at_and_waits_on() -> None:
    queue: FairQueue[str] = FairQueue()
    for address in ("a", "b"):
        queue.add(address, address)
    assert sorted(queue) == ["a", "b"]
    assert len(queue) == 2


def test_what_was_not_used_is_not_saved_up() -> None:
    queue: FairQueue[str] = FairQueue()
    for _ in range(50):
        queue.add("a", "a")
        queue.pop()
        queue.charge("a", 1.0)
    queue.add("a", "a")
    queue.add("late", "late")
    assert queue.pop() == "late"
    queue.charge("late", 1.0)
    queue.add("late", "late")
    assert queue.pop() == "a"


def test_equals_keep_their_order_and_nothing_more_waits() -> None:
    queue: FairQueue[int] = FairQueue()
    for number in range(5):
        queue.add(str(number), number)
    assert queue.first() == 0
    assert [queue.pop() for _ in range(5)] == list(range(5))
    assert not queue
    with pytest.raises(IndexError):
        queue.first()


def test_addresses_without_an_advantage_are_forgotten() -> None:
    queue: FairQueue[str] = FairQueue()
    for number in range(2 * MOST_ADDRESSES):
        queue.add(f"{number}", "")
        queue.charge(f"{number}", 0.5)
        queue.pop()
        queue.add(f"{number}", "")
        queue.pop()
    assert len(queue._use) <= MOST_ADDRESSES


def test_after_a_new_start_the_use_of_before_does_not_count() -> None:
    queue: FairQueue[str] = FairQueue()
    queue.charge("long", 100.0)
    queue.start_anew()
    for address in ("long", "new"):
        queue.add(address, address)
    assert [queue.pop(), queue.pop()] == ["long", "new"]
