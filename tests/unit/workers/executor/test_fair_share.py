"""Who is next where work waits, counted in costs."""

from __future__ import annotations

from collections import Counter

from workers.executor.fair_share import MOST_OWNERS, FairShare, Owner

A1, A2, B1 = ("a", "1"), ("a", "2"), ("b", "1")


def served(shares: FairShare, waiting: list[Owner], times: int, cost: float = 1.0) -> list[Owner]:
    """Serve owners who always have more work, *times*."""
    done = []
    for _ in range(times):
        owner = min(waiting, key=shares.starts)
        shares.charge(owner, cost)
        done.append(owner)
    return done


def test_tenants_have_equal_shares_and_sessions_of_one_share_its_own() -> None:
    counted = Counter(served(FairShare(), [A1, A2, B1], 40))
    assert counted == {B1: 20, A1: 10, A2: 10}


def test_long_work_counts_as_long() -> None:
    shares, seconds = FairShare(), Counter[Owner]()
    for _ in range(60):
        owner = min([A1, B1], key=shares.starts)
        cost = 10.0 if owner == A1 else 1.0
        shares.charge(owner, cost)
        seconds[owner] += int(cost)
    assert abs(seconds[A1] - seconds[B1]) <= 10


def test_who_comes_late_is_next_and_has_no_arrears() -> None:
    shares = FairShare()
    served(shares, [A1], 100)
    then = served(shares, [A1, B1], 10)
    assert then[0] == B1 or then[1] == B1
    assert 4 <= then.count(A1) <= 6


def test_owners_who_had_no_more_than_others_are_forgotten() -> None:
    shares = FairShare()
    for number in range(5 * MOST_OWNERS):
        shares.charge(("t", str(number)), 1.0)
        shares.charge(("t", "busy"), 1.0)
    assert len(shares._ends) <= MOST_OWNERS + 2
    assert len(shares._clocks) <= MOST_OWNERS + 2


def test_shares_begin_anew_once_nothing_waits() -> None:
    shares = FairShare()
    shares.charge(A1, 10.0)
    shares.clear()
    assert shares.starts(A1) == shares.starts(B1)
