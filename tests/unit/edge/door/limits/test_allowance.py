"""An amount at once, and an amount a second, with time as an argument."""

from __future__ import annotations

import pytest

from edge.door.limits.allowance import (
    CALM_SHARE,
    LONGEST_SLOWED_S,
    Allowance,
    Load,
    OverBudgetError,
)


def allowance() -> Allowance:
    return Allowance(100.0, 10.0, 0.0, "too much", ahead_share=0.2, burst=5.0)


def test_an_amount_comes_at_once_and_more_waits_for_its_refill() -> None:
    of = allowance()
    assert of.spend(100, 0.0) == 0.0
    assert of.spend(20, 0.0) == pytest.approx(2.0)
    assert of.spend(0, 2.0) == 0.0


@pytest.mark.parametrize(
    ("amount", "load"), [(5, Load.LIVE), (6, Load.BURSTS), (20, Load.BURSTS), (21, Load.AHEAD)]
)
def test_the_load_follows_what_is_missing(amount: float, load: Load) -> None:
    of = allowance()
    of.spend(amount, 0.0)
    assert of.load is load
    of.spend(0, 10.0)
    assert of.load is Load.LIVE


def test_the_refill_is_told_and_never_exceeds_the_amount_at_once() -> None:
    of = allowance()
    of.spend(50, 0.0)
    assert of.refill_s == pytest.approx(5.0)
    assert not of.is_whole
    of.spend(0, 100.0)
    assert of.refill_s == 0.0
    assert of.is_whole


def test_a_debt_that_is_too_large_or_too_old_ends_it() -> None:
    of = allowance()
    with pytest.raises(OverBudgetError, match="too much"):
        of.spend(100 + 10 * LONGEST_SLOWED_S + 1, 0.0)
    slowed = allowance()
    slowed.spend(110, 0.0)
    for second in range(1, int(LONGEST_SLOWED_S) + 1):
        assert slowed.spend(10, float(second)) == pytest.approx(1.0)
    with pytest.raises(OverBudgetError):
        slowed.spend(10, LONGEST_SLOWED_S + 1)


def test_who_was_calm_in_between_is_slowed_anew() -> None:
    of = allowance()
    of.spend(110, 0.0)
    calm_s = 1.0 + 10 * CALM_SHARE
    assert of.spend(0, calm_s) == 0.0
    assert of.spend(60, LONGEST_SLOWED_S - 20) >= 0.0
    assert of.spend(250, LONGEST_SLOWED_S + 1) > 0.0


def test_a_shared_debt_is_bounded_and_never_raises() -> None:
    of = allowance()
    assert of.borrow(10_000, 0.0, 3.0) == 3.0
    assert of.borrow(0, 3.0, 3.0) == 0.0
