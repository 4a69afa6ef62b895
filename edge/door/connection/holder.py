"""The interface of a connection to its sessions."""

from typing import Protocol

from edge.call.client import Client
from edge.door.connection.audio_intake import IntakeConnection
from edge.protocols.client_protocol import Json


class Holder(Client, IntakeConnection, Protocol):
    """The connection that holds the sessions."""

    def reply(self, message: Json) -> None:
        """Send *message* to the client."""
