"""Which connections there may be, and which one makes room."""

from __future__ import annotations

from edge.door.limits.socket_table import ANYBODY, LEAST_UNUSED, SocketTable


def test_the_oldest_without_a_call_makes_room_for_the_newest_of_its_address() -> None:
    table = SocketTable(2, 100)
    assert [table.take(name, "a") for name in ("a1", "a2")] == [None, None]
    assert table.take("b1", "b") is None
    assert table.take("a3", "a") == "a1"
    assert table.take("a4", "a") == "a2"
    assert len(table) == 3


def test_a_call_makes_room_for_nobody() -> None:
    table = SocketTable(2, 100)
    for name in ("a1", "a2"):
        table.take(name, "a")
        table.holds_call(name)
    assert table.take("a3", "a") == "a3"
    assert len(table) == 2
    table.forget("a1")
    assert table.take("a3", "a") is None


def test_where_all_places_are_taken_the_oldest_of_all_makes_room() -> None:
    table = SocketTable(100, 3)
    table.take("a1", "a")
    table.holds_call("a1")
    table.take("b1", "b")
    table.take("c1", "c")
    assert table.is_full
    assert table.take("d1", "d") == "b1"
    table.holds_call("d1")
    table.holds_call("c1")
    assert table.take("e1", "e") == "e1"
    assert table.oldest_unused() is None


def test_connections_of_a_proxy_have_no_limit_but_that_of_all() -> None:
    table = SocketTable(1, 4)
    assert [table.take(n, ANYBODY) for n in range(1, 5)] == [None] * 4
    assert table.take(5, ANYBODY) == 1


def test_who_left_is_forgotten_whenever_that_is_told() -> None:
    table = SocketTable(1, 10)
    table.take("a1", "a")
    table.forget("a1")
    table.forget("a1")
    table.holds_call("a1")
    assert len(table) == 0
    assert table.take("a2", "a") is None


def test_there_are_no_more_without_a_call_than_calls_need() -> None:
    table = SocketTable(100, 100_000, sessions=10)
    for name in range(5):
        table.take(name, f"a{name}")
        table.holds_call(name)
    gone = [table.take(n, f"b{n}") for n in range(5, LEAST_UNUSED + 15)]
    assert gone == [None] * LEAST_UNUSED + list(range(5, 15))
    assert len(table) == LEAST_UNUSED + 5
