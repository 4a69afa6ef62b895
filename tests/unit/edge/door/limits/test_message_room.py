"""Room for long messages, with time as an argument."""

from __future__ import annotations

from edge.door.limits.message_room import MOST_HELD_S, MessageRoom


def test_no_more_is_held_than_there_is_room_for() -> None:
    room = MessageRoom(10)
    places = [room.place(f"{number}") for number in range(5)]
    assert [place.take(4, 0.0) for place in places] == [True, True, False, False, False]
    assert sum(place.held for place in places) == 8


def test_who_waits_gets_it_when_another_leaves_in_the_order_of_asking() -> None:
    room = MessageRoom(10)
    first, second, third = (room.place(name) for name in "abc")
    assert first.take(8, 0.0)
    assert not second.take(8, 0.0)
    assert not third.take(1, 0.0)  # it would fit, and would let the long one starve
    first.leave()
    assert not third.take(1, 1.0)
    assert second.take(8, 1.0)
    assert third.take(1, 1.0)


def test_the_address_that_has_had_the_least_is_next() -> None:
    room = MessageRoom(10)
    greedy = [room.place("greedy") for _ in range(4)]
    assert greedy[0].take(10, 0.0)
    assert not any(place.take(10, 0.0) for place in greedy[1:])
    other = room.place("other")
    assert not other.take(10, 0.0)
    greedy[0].leave()
    assert not greedy[1].take(10, 0.0)
    assert other.take(10, 0.0)


def test_a_message_of_many_parts_grows_past_those_that_wait() -> None:
    room = MessageRoom(10)
    first, second = room.place("a"), room.place("b")
    assert first.take(4, 0.0)
    assert not second.take(8, 0.0)
    assert first.take(9, 0.0)
    assert first.take(9, 0.0)
    assert room.free == 1


def test_a_message_longer_than_the_room_comes_alone() -> None:
    room = MessageRoom(10)
    first, second = room.place("a"), room.place("b")
    assert first.take(1, 0.0)
    assert not second.take(12, 0.0)
    first.leave()
    assert second.take(12, 0.0)
    assert not first.take(1, 0.0)
    second.leave()
    assert room.free == 10


def test_who_holds_it_for_too_long_is_told_only_while_others_wait() -> None:
    room = MessageRoom(10)
    slow, other = room.place("a"), room.place("b")
    assert slow.take(10, 0.0)
    assert not slow.is_overdue(MOST_HELD_S)
    assert not other.take(5, 1.0)
    assert not slow.is_overdue(MOST_HELD_S - 1)
    assert slow.is_overdue(MOST_HELD_S)
    assert not other.is_overdue(MOST_HELD_S + 1)
    other.leave()  # it has gone
    assert not slow.is_overdue(MOST_HELD_S)


def test_two_halves_that_wait_for_each_other_do_not_wait_for_ever() -> None:
    room = MessageRoom(10)
    one, two = room.place("a"), room.place("b")
    assert one.take(5, 0.0)
    assert two.take(5, 0.0)
    assert not one.take(9, 0.0)
    assert not two.take(9, 0.0)
    assert [one.is_overdue(MOST_HELD_S), two.is_overdue(MOST_HELD_S)] == [False, True]
    two.leave()
    assert one.take(9, MOST_HELD_S)
