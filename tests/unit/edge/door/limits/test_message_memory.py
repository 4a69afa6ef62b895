"""Room for long messages, with time as an argument."""

from __future__ import annotations

from edge.door.limits.message_memory import LONGEST_RESERVATION_S, MessageMemory


def test_no_more_is_held_than_there_is_reserve() -> None:
    memory = MessageMemory(10)
    reservations = [memory.reservation(f"{number}") for number in range(5)]
    assert [reservation.reserve(4, 0.0) for reservation in reservations] == [
        True,
        True,
        False,
        False,
        False,
    ]
    assert sum(reservation.held_bytes for reservation in reservations) == 8


def test_who_waits_gets_it_when_another_leaves_in_the_order_of_asking() -> None:
    memory = MessageMemory(10)
    first, second, third = (memory.reservation(name) for name in "abc")
    assert first.reserve(8, 0.0)
    assert not second.reserve(8, 0.0)
    assert not third.reserve(1, 0.0)  # it would fit, and would let the long one starve
    first.release()
    assert not third.reserve(1, 1.0)
    assert second.reserve(8, 1.0)
    assert third.reserve(1, 1.0)


def test_the_address_that_has_had_the_least_is_next() -> None:
    memory = MessageMemory(10)
    greedy = [memory.reservation("greedy") for _ in range(4)]
    assert greedy[0].reserve(10, 0.0)
    assert not any(reservation.reserve(10, 0.0) for reservation in greedy[1:])
    other = memory.reservation("other")
    assert not other.reserve(10, 0.0)
    greedy[0].release()
    assert not greedy[1].reserve(10, 0.0)
    assert other.reserve(10, 0.0)


def test_a_message_of_many_parts_grows_past_those_that_wait() -> None:
    memory = MessageMemory(10)
    first, second = memory.reservation("a"), memory.reservation("b")
    assert first.reserve(4, 0.0)
    assert not second.reserve(8, 0.0)
    assert first.reserve(9, 0.0)
    assert first.reserve(9, 0.0)
    assert memory.free_bytes == 1


def test_a_message_longer_than_the_memory_comes_alone() -> None:
    memory = MessageMemory(10)
    first, second = memory.reservation("a"), memory.reservation("b")
    assert first.reserve(1, 0.0)
    assert not second.reserve(12, 0.0)
    first.release()
    assert second.reserve(12, 0.0)
    assert not first.reserve(1, 0.0)
    second.release()
    assert memory.free_bytes == 10


def test_who_holds_it_for_too_long_is_told_only_while_others_wait() -> None:
    memory = MessageMemory(10)
    slow, other = memory.reservation("a"), memory.reservation("b")
    assert slow.reserve(10, 0.0)
    assert not slow.is_overdue(LONGEST_RESERVATION_S)
    assert not other.reserve(5, 1.0)
    assert not slow.is_overdue(LONGEST_RESERVATION_S - 1)
    assert slow.is_overdue(LONGEST_RESERVATION_S)
    assert not other.is_overdue(LONGEST_RESERVATION_S + 1)
    other.release()  # it has gone
    assert not slow.is_overdue(LONGEST_RESERVATION_S)


def test_two_halves_that_wait_for_each_other_do_not_wait_for_ever() -> None:
    memory = MessageMemory(10)
    one, two = memory.reservation("a"), memory.reservation("b")
    assert one.reserve(5, 0.0)
    assert two.reserve(5, 0.0)
    assert not one.reserve(9, 0.0)
    assert not two.reserve(9, 0.0)
    assert [one.is_overdue(LONGEST_RESERVATION_S), two.is_overdue(LONGEST_RESERVATION_S)] == [
        False,
        True,
    ]
    two.release()
    assert one.reserve(9, LONGEST_RESERVATION_S)
