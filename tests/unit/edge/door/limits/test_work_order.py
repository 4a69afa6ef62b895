"""Which waiting work is next, and how much of it begins in a round, with time as an argument."""

from __future__ import annotations

import pytest

from edge.door.limits.work_order import (
    LIVE_PIECES,
    MOST_PIECES,
    PIECES_S,
    QUEUE_AT_ONCE_S,
    QUEUE_RESTS_S,
    QUEUE_SHARE,
    SHORT_ROUND_S,
    Place,
    WorkOrder,
)

LONG_ROUND_S = 2 * SHORT_ROUND_S


class Rounds:
    """The rounds of an event loop that calls an order in each; a piece is its address."""

    def __init__(self, round_s: float = LONG_ROUND_S) -> None:
        self.order: WorkOrder[str] = WorkOrder(0.0)
        self.now_s, self.round_s = 0.0, round_s
        self.more = False
        """Whether pieces waited after the last round."""

    def add(self, *addresses: str, place: Place = Place.FAIR) -> None:
        for address in addresses:
            self.order.add(address, address, place)

    def worked(self, address: str, took_s: float) -> None:
        self.order.worked(address, took_s, self.now_s)

    def begun(self) -> list[str]:
        """Return the pieces of the next round."""
        self.now_s += self.round_s
        assert self.order.rest(self.now_s) == 0.0
        pieces = list(self.order.round(self.now_s))
        self.more = self.order.end_round(self.now_s)
        return pieces

    def all_begun(self) -> list[str]:
        """Return the pieces of all rounds until none waits."""
        pieces = self.begun()
        while self.more:
            pieces += self.begun()
        return pieces

    def counts(self, rounds: int) -> list[int]:
        return [len(self.begun()) for _ in range(rounds)]


def test_the_first_piece_asks_for_a_round_and_so_does_the_first_after_the_queue_was_empty() -> None:
    rounds = Rounds()
    for _ in range(2):
        assert rounds.order.add("a", "first", Place.FAIR)
        assert not rounds.order.add("b", "second", Place.FAIR)
        assert not rounds.order.add("c", "live", Place.LIVE)
        assert rounds.all_begun() == ["live", "first", "second"]


def test_one_piece_begins_in_a_long_round_in_the_order_of_asking() -> None:
    rounds = Rounds()
    rounds.add(*"abcde")
    assert [rounds.begun() for _ in range(5)] == [[name] for name in "abcde"]


def test_more_begin_while_rounds_are_short_and_one_again_when_they_are_long() -> None:
    rounds = Rounds(SHORT_ROUND_S / 2)
    rounds.add(*"a" * 100)
    assert rounds.counts(5) == [1, 2, 3, MOST_PIECES, MOST_PIECES]
    rounds.round_s = LONG_ROUND_S
    assert rounds.counts(5) == [2, 1, 1, 1, 1]


def test_the_first_round_after_an_empty_queue_begins_one() -> None:
    rounds = Rounds(SHORT_ROUND_S / 2)
    rounds.add(*"a" * 10)
    assert rounds.counts(4) == [1, 2, 3, MOST_PIECES]
    rounds.add(*"a" * 3)
    assert rounds.begun() == ["a"]


def test_one_begins_in_a_round_after_a_long_piece_until_many_short_ones() -> None:
    rounds = Rounds(SHORT_ROUND_S / 20)
    rounds.add(*"a" * 100)
    rounds.worked("a", PIECES_S)
    counts = []
    for _ in range(20):
        counts.append(len(rounds.begun()))
        for _ in range(counts[-1]):
            rounds.worked("a", PIECES_S / 100)
    assert counts[:7] == [1] * 7
    assert counts[-1] == MOST_PIECES


def test_pieces_that_are_added_in_a_round_wait_for_the_next() -> None:
    order: WorkOrder[str] = WorkOrder(0.0)
    order.add("a", "a", Place.FAIR)
    for piece in order.round(0.0):
        assert not order.add(piece, "again", Place.FAIR)
    assert order.end_round(0.0)
    assert list(order.round(1.0)) == ["again"]


def test_live_callers_have_most_pieces_but_not_all() -> None:
    rounds = Rounds()
    for _ in range(2 * LIVE_PIECES):
        rounds.add("live", place=Place.LIVE)
        rounds.add("burst")
    turn = ["live"] * LIVE_PIECES + ["burst"]
    assert rounds.all_begun() == turn * 2 + ["burst"] * (2 * LIVE_PIECES - 2)


@pytest.mark.parametrize("place", [Place.FAIR, Place.LIVE])
def test_the_address_that_has_had_the_least_is_next(place: Place) -> None:
    rounds = Rounds()
    rounds.add("a", place=place)
    rounds.worked("a", 0.1)
    rounds.add(*"aabc", place=place)
    assert rounds.all_begun() == ["a", "b", "c", "a", "a"]


@pytest.mark.parametrize("place", [Place.FAIR, Place.LIVE])
def test_what_an_address_had_is_forgotten_when_nothing_waits(place: Place) -> None:
    rounds = Rounds()
    rounds.worked("a", 0.1)
    rounds.add("b", place=place)
    assert rounds.begun() == ["b"]
    rounds.add(*"ab", place=place)
    assert rounds.all_begun() == ["a", "b"]


def test_a_stranger_who_sends_no_more_than_live_waits_behind_no_burst() -> None:
    rounds = Rounds()
    rounds.worked("a", 0.1)
    rounds.add("b")
    rounds.add("a", place=Place.NEXT)
    rounds.add("c")
    rounds.worked("b", 0.1)
    rounds.add("b")
    assert rounds.all_begun() == ["b", "a", "c", "b"]


def test_the_others_rest_until_their_debt_is_paid() -> None:
    order: WorkOrder[str] = WorkOrder(0.0)
    order.add("a", "a", Place.FAIR)
    order.worked("a", QUEUE_AT_ONCE_S, 0.0)
    assert order.rest(0.0) == 0.0
    order.worked("a", 0.02, 0.0)
    assert order.rest(0.0) == pytest.approx(0.02 / QUEUE_SHARE)
    assert not order.add("b", "b", Place.FAIR), "a rest goes on"
    order.wake()
    assert order.rest(0.01) == pytest.approx(0.02 / QUEUE_SHARE - 0.01)
    order.wake()
    assert order.rest(0.05) == 0.0
    assert list(order.round(0.1)) == ["a"]


def test_no_rest_is_longer_than_the_longest() -> None:
    order: WorkOrder[str] = WorkOrder(0.0)
    order.add("a", "a", Place.FAIR)
    order.worked("a", QUEUE_AT_ONCE_S + 1.0, 0.0)
    assert order.rest(0.0) == pytest.approx(QUEUE_RESTS_S)
    order.wake()
    assert order.rest(1.1 * QUEUE_RESTS_S) == 0.0


def test_a_live_caller_waits_for_no_rest_of_the_others() -> None:
    order: WorkOrder[str] = WorkOrder(0.0)
    order.worked("burst", QUEUE_AT_ONCE_S + 1.0, 0.0)
    order.add("burst", "burst", Place.FAIR)
    assert order.rest(0.0)
    assert order.add("live", "live", Place.LIVE)
    assert order.rest(0.0) == 0.0
    assert list(order.round(0.0)) == ["live"]
    assert order.end_round(0.0)
    assert order.rest(0.0), "the others rest on"


def test_the_first_round_after_a_rest_begins_one() -> None:
    rounds = Rounds(SHORT_ROUND_S / 2)
    rounds.add(*"a" * 10)
    assert rounds.counts(2) == [1, 2]
    rounds.worked("a", QUEUE_AT_ONCE_S + 0.1)
    assert rounds.order.rest(rounds.now_s)
    rounds.order.wake()
    rounds.now_s += 1.0
    for _ in range(100):  # the long piece is forgotten
        rounds.worked("a", 0.0)
    assert rounds.counts(3) == [1, 2, 3]
