"""Limits, with time as an argument."""

from __future__ import annotations

from edge.door.limits.rate_limits import AddressRate, ConnectionLimit


def test_a_hundred_requests_a_minute_and_no_more() -> None:
    requests = AddressRate(100)
    assert [requests.refuse_s("a", 0.0) for _ in range(100)] == [0.0] * 100
    assert 0 < requests.refuse_s("a", 0.0) <= 1
    assert requests.refuse_s("b", 0.0) == 0.0
    assert requests.refuse_s("a", 0.7) == 0.0


def test_a_place_that_is_left_can_be_taken_again() -> None:
    places = ConnectionLimit(2)
    assert [places.take("a") for _ in range(3)] == [True, True, False]
    places.give_back("a")
    assert places.take("a")
    assert places.take("b")


def test_to_ask_for_the_wait_counts_nothing() -> None:
    rate = AddressRate(2)
    assert [rate.wait_s("a", 0.0) for _ in range(9)] == [0.0] * 9
    assert rate.refuse_s("a", 0.0) == 0.0
    assert rate.refuse_s("a", 0.0) == 0.0
    assert rate.wait_s("a", 0.0) == rate.wait_s("a", 0.0) == 30.0
    assert rate.wait_s("a", 30.0) == 0.0


def test_an_address_that_left_all_its_places_may_take_as_many_again() -> None:
    places = ConnectionLimit(1)
    for _ in range(3):
        assert places.take("a")
        assert not places.take("a")
        places.give_back("a")
