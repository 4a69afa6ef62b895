"""The calls of a client's tools, from when they are told until the call has their results."""

from __future__ import annotations

from edge.core.client_commands import Command
from edge.core.client_events import ToolCalled
from edge.core.inputs import ToolResult


class ClientCalls:
    """The calls that one client was told; their results wait until it asks for a response."""

    def __init__(self) -> None:
        self.follow_up = ""
        """The name of the response that is to follow the results of calls; empty: none."""
        self._called: set[str] = set()
        """The ids of calls of the last turn that the client has given no result for."""
        self._outlived: set[str] = set()
        """The same of turns before the last one."""
        self._in_turn = False
        """The response to the last turn waits for results that the client has given."""
        self._results: list[Command] = []
        """Those that are not handed over yet."""

    def take(self, call: ToolCalled) -> bool:
        """Note a call; False: it was told before, on a connection that went on."""
        is_new = call.call not in self._called
        self._called.add(call.call)
        return is_new

    def response_begins(self, *, of_new_turn: bool) -> None:
        """Note that a response begins; calls of turns before its own are waited for no longer."""
        if of_new_turn:
            self._outlived |= self._called
            self._called.clear()
        self._in_turn, self.follow_up = False, ""

    @property
    def exist(self) -> bool:
        """There are calls without a result, or results that are not handed over."""
        return bool(self._results or self._called)

    @property
    def hold_the_turn(self) -> bool:
        """The response to the last turn waits for results, given or not."""
        return bool(self._called) or self._in_turn

    def answer(self, result: ToolResult) -> bool:
        """Keep the *result* of a call until it is handed over; False: no call waits for it."""
        if result.call in self._called:
            self._called.discard(result.call)
            self._in_turn = True
        elif result.call in self._outlived:
            self._outlived.discard(result.call)
        else:
            return False
        self._results.append(result)
        return True

    def take_results(self) -> list[Command]:
        """Return the results that wait to be handed over."""
        results, self._results = self._results, []
        return results
