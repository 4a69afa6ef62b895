"""Calls of a client's tools, from their announcement until their results are handed over."""

from edge.core.messages.client_commands import ClientCommand
from edge.core.messages.client_events import ClientToolCalled
from edge.core.messages.inputs import ClientToolResult


class ClientCalls:
    """The tool calls of one client; their results wait until the client asks for a response."""

    def __init__(self) -> None:
        self.follow_up = ""
        """The name of the response that follows the results of calls; empty: none."""
        self._called: set[str] = set()
        """The ids of calls without a result for which the response to the last turn waits."""
        self._background: set[str] = set()
        """The ids of other calls without a result."""
        self._in_turn = False
        """Whether the response to the last turn waits for results that the client has given."""
        self._results: list[ClientCommand] = []
        """The results that are not handed over yet."""

    def add(self, call: ClientToolCalled) -> bool:
        """Add a call; return False if it is a repetition after a resume."""
        is_new = call.call not in self._called
        self._called.add(call.call)
        return is_new

    def wait_no_more(self) -> None:
        """Note that no response waits for a call: the next one begins, or the turn was dropped."""
        self._background |= self._called
        self._called.clear()
        self._in_turn, self.follow_up = False, ""

    def give_up(self) -> None:
        """Note that the model goes on without the results that are missing: none is taken later."""
        self._called.clear()

    @property
    def exist(self) -> bool:
        """Whether the last turn has calls without a result, or results are not handed over."""
        return bool(self._results or self._called)

    @property
    def hold_the_turn(self) -> bool:
        """Whether the response to the last turn waits for results."""
        return bool(self._called) or self._in_turn

    def answer(self, result: ClientToolResult) -> bool:
        """Keep the *result* of a call for later; return False if no call waits for it."""
        if result.call in self._called:
            self._called.discard(result.call)
            self._in_turn = True
        elif result.call in self._background:
            self._background.discard(result.call)
        else:
            return False
        self._results.append(result)
        return True

    def take_results(self) -> list[ClientCommand]:
        """Return and clear the results that wait to be handed over."""
        results, self._results = self._results, []
        return results
