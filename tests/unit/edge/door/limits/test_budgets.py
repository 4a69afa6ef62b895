"""The budgets of an edge's connections, by address."""

from edge.door.limits.budgets import Budgets
from runtime.common_share import MOST_ADDRESSES
from tests.unit.edge.door.limits.spending import COSTS


def waits_s(budgets: Budgets, address: str, audio_s: float) -> float:
    """Return for how long a new connection of *address* must wait that sends *audio_s* at once."""
    with budgets.opened(address, 0.0) as budget:
        assert budget.address == address
        budget.identify(named=True)
        budget.spend_audio(audio_s)
        return budget.check(0.0)


def test_an_address_is_remembered_while_it_owes_something() -> None:
    budgets, fresh = Budgets(COSTS), Budgets(COSTS)
    assert [waits_s(budgets, "a", 60.0) for _ in range(2)] == [0.0, 0.0]
    assert waits_s(budgets, "a", 60.0) > waits_s(fresh, "a", 60.0) == 0.0
    assert waits_s(budgets, "b", 60.0) == 0.0


def test_the_address_that_has_been_gone_for_longest_is_forgotten_first() -> None:
    budgets = Budgets(COSTS)
    for number in range(MOST_ADDRESSES + 1):
        with budgets.opened(str(number), 0.0) as budget:
            budget.spend_audio(30)
            budget.check(0.0)
    assert len(budgets._addresses) == MOST_ADDRESSES
    assert (str(0) in budgets._addresses, str(1) in budgets._addresses) == (False, True)


def test_an_address_without_connections_and_debts_is_forgotten() -> None:
    budgets = Budgets(COSTS)
    with budgets.opened("a", 0.0) as budget:
        budget.check(0.0)
    assert not budgets._addresses


def test_an_address_is_ahead_while_one_of_its_connections_is() -> None:
    budgets = Budgets(COSTS)
    with budgets.opened("a", 0.0) as budget:
        budget.identify(named=True)
        assert not budgets.is_ahead("a")
        budget.spend_audio(30.0)
        budget.check(0.0)
        assert (budgets.is_ahead("a"), budgets.is_ahead("b")) == (True, False)
