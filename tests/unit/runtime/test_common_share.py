"""What many addresses share, with time as an argument."""

from __future__ import annotations

import math
import random

import pytest

from runtime.common_share import MOST_ADDRESSES, CommonShare


def fill(share: CommonShare, address: str, now_s: float = 0.0) -> int:
    """Take one again and again until it does not fit; return how many fitted."""
    count = 0
    while share.fits(address, 1, now_s):
        share.take(address, 1, now_s)
        count += 1
    return count


def test_an_address_alone_has_half_and_leaves_the_other_half_to_others() -> None:
    share = CommonShare(100)
    assert fill(share, "a") == 50
    assert fill(share, "b") == 25
    assert fill(share, "c") == 13


def test_a_hundred_greedy_addresses_leave_room_for_a_new_one() -> None:
    share = CommonShare(10_000)
    for _ in range(101):
        for number in range(100):
            if share.fits(str(number), 1):
                share.take(str(number), 1)
    had = [share.used(str(number)) for number in range(100)]
    assert max(had) - min(had) <= 1
    assert share.free_amount() == pytest.approx(10_000 / 101, abs=2)
    assert fill(share, "new") >= 40


def test_taken_amounts_fade_and_refill_by_the_size_in_the_time_constant() -> None:
    share = CommonShare(100, lasts_s=60)
    at_once = sum(fill(share, str(number)) for number in range(30))
    assert 90 <= at_once <= 100
    in_ten_minutes = 0
    for second in range(600):
        in_ten_minutes += sum(fill(share, str(number), float(second)) for number in range(30))
    assert 50 * 10 <= in_ten_minutes <= 100 * 10
    assert share.free_amount(1e9) == 100


def test_the_wait_that_is_told_is_the_wait_until_it_fits() -> None:
    dice = random.Random(1)
    for _ in range(200):
        share, now_s = CommonShare(20, lasts_s=60), dice.uniform(0, 1e6)
        for number in range(dice.randrange(1, 6)):
            fill(share, str(number), now_s)
        wait_s = share.wait_s("1", 1, now_s)
        assert share.fits("1", 1, now_s + wait_s + 1e-6)
        if wait_s:
            assert not share.fits("1", 1, now_s + wait_s - 1e-3)


def test_more_than_there_is_at_all_never_fits() -> None:
    assert CommonShare(5, lasts_s=60).wait_s("a", 6, 0.0) == math.inf


def test_an_unconditional_take_reports_an_excess() -> None:
    share = CommonShare(100, lasts_s=60)
    assert share.take("a", 50, 0.0)
    assert not share.take("a", 10, 0.0)
    assert share.free_amount(0.0) == 40


def test_returned_amounts_are_free_for_all_and_empty_addresses_forgotten() -> None:
    share = CommonShare(100)
    share.take("a", 60)
    share.give_back("a", 20)
    assert (share.used("a"), share.free_amount()) == (40, 60)
    share.give_back("a", 40)
    assert (share.free_amount(), len(share._used)) == (100, 0)


def test_the_memory_is_bounded_and_forgotten_amounts_still_count() -> None:
    share = CommonShare(1e6)
    for number in range(MOST_ADDRESSES + 5):
        share.take(str(number), 1)
    assert len(share._used) == MOST_ADDRESSES
    assert share.free_amount() == 1e6 - MOST_ADDRESSES - 5


def test_an_account_is_the_part_of_one_connection_and_gives_all_of_it_back() -> None:
    share = CommonShare(100)
    first, second = share.account("a"), share.account("a")
    first.take(30)
    second.take(10)
    assert (first.amount, second.amount, share.used("a")) == (30, 10, 40)
    assert (second.fits(20), second.fits(21)) == (True, False)
    first.give_back(10)
    assert (first.amount, share.free_amount()) == (20, 70)
    first.give_all_back()
    assert (first.amount, share.used("a"), share.free_amount()) == (0, 10, 90)
