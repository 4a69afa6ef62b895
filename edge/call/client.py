"""The connection of a session, as the session shell sees it."""

from typing import Protocol

from edge.core.client_events import ClientEvent


class Client(Protocol):
    """The connection that holds a session."""

    def tell(self, event: ClientEvent) -> None:
        """Send *event* to the client."""

    def broken(self) -> None:
        """Note, once, that a fault of ours has ended the call."""

    def hang_up(self, code: str, reason: str) -> None:
        """End the session, once; the client is told the code and the reason if there is a code."""

    def transfer(self, call: str, agent: str) -> None:
        """Have *agent* go on with the session, for the call *call* of the tool."""

    def can_transfer(self, agent: str) -> bool:
        """Tell whether *agent* can go on with the session."""

    def taken_over(self) -> None:
        """Note, once, that a newer connection goes on with the session."""

    def over_quota(self, why: str) -> None:
        """Note, once, that the session has stored more than it may, and is to end."""

    def not_recorded(self, why: str) -> None:
        """Note, once, that no more audio is recorded."""
