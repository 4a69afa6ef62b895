"""How many sessions may begin a minute."""

import math

from edge.door.limits.rate_limits import AddressRate
from edge.door.limits.session_rates import SessionRates
from runtime.common_share import CommonShare

NOW_S = 100.0


def rates(of_address: float = 3, of_strangers: float = math.inf) -> SessionRates:
    return SessionRates(AddressRate(of_address), CommonShare(of_strangers, 60.0))


def test_one_address_begins_so_many_and_is_told_when_it_may_again() -> None:
    made = rates()
    assert [made.refusal("a", NOW_S, stranger=False) for _ in range(3)] == ["", "", ""]
    told = "3 sessions a minute from one address: try again in 20 s"
    assert made.refusal("a", NOW_S, stranger=False) == told
    assert not made.refusal("b", NOW_S, stranger=False)
    assert not made.refusal("a", NOW_S + 20, stranger=False)


def test_strangers_share_a_rate_that_callers_with_a_token_do_not_touch() -> None:
    made = rates(of_address=100, of_strangers=4)
    had = [made.refusal(f"s{number}", NOW_S, stranger=True) for number in range(8)]
    assert 0 < had.count("") <= 4
    assert "4 sessions a minute of callers without a token" in had[-1]
    assert not any(made.refusal(f"c{number}", NOW_S, stranger=False) for number in range(8))


def test_a_refused_address_takes_nothing_from_strangers() -> None:
    made = rates(of_address=1, of_strangers=4)
    for _ in range(50):
        made.refusal("greedy", NOW_S, stranger=True)
    assert not made.refusal("other", NOW_S, stranger=True)
