"""The interface of a connection to its sessions."""

from typing import Protocol

from edge.call.client import Client
from edge.protocols.client_protocol import Json


class Holder(Client, Protocol):
    """The connection that holds the sessions."""

    def reply(self, message: Json) -> None:
        """Send *message* to the client."""

    def cut_off(self, why: str) -> None:
        """Read no more, and close the connection, which is over its budget."""

    def over_budget(self, why: str) -> None:
        """Close the connection, which is over its budget and is not read any more."""

    def fail(self, error: Exception) -> None:
        """Close the connection after an unexpected exception, and log it."""
