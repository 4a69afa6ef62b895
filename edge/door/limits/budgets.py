"""The budgets of an edge's connections, by address. Pure."""

from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager

from edge.door.limits.audio_ahead import AudioAhead
from edge.door.limits.connection_budget import AddressBudget, ConnectionBudget
from edge.door.limits.costs import Costs
from edge.door.limits.message_memory import MessageMemory
from runtime.common_share import MOST_ADDRESSES


class Budgets:
    """The budgets of an edge's connections, by address."""

    def __init__(self, costs: Costs) -> None:
        self._costs = costs
        self._memory = MessageMemory()
        self._ahead = AudioAhead(costs.audio_at_once_s)
        self._addresses: OrderedDict[str, AddressBudget] = OrderedDict()
        """By address; those used last stand at the end."""

    @contextmanager
    def opened(self, address: str, now_s: float) -> Iterator[ConnectionBudget]:
        """Yield the budget of a new connection of *address*, until the block is left."""
        shared = self._addresses.get(address)
        if shared is None:
            shared = self._addresses[address] = AddressBudget(address, self._costs, now_s)
            self._forget_oldest()
        self._addresses.move_to_end(address)
        reservation = self._memory.reservation(address)
        budget = ConnectionBudget(self._costs, shared, self._ahead, reservation, now_s)
        shared.connections.append(budget)
        shared.counted()
        try:
            yield budget
        finally:
            budget.reservation.release()
            shared.connections.remove(budget)
            shared.counted()
            if shared.owes_nothing and self._addresses.get(address) is shared:
                del self._addresses[address]

    def _forget_oldest(self) -> None:
        """Forget the address that has been gone for longest if there are too many."""
        if len(self._addresses) > MOST_ADDRESSES:
            gone = (name for name, budget in self._addresses.items() if not budget.connections)
            if (oldest := next(gone, None)) is not None:
                del self._addresses[oldest]

    def is_ahead(self, address: str) -> bool:
        """Tell whether *address* has sent more than its live callers could."""
        shared = self._addresses.get(address)
        return shared is not None and shared.is_ahead
