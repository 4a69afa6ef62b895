"""The transport of a connection's messages: a WebSocket, a data channel, or a telephone line."""

from collections.abc import AsyncIterator
from typing import Any, Protocol

from edge.core.messages.client_commands import ClientCommand
from edge.core.messages.client_events import Interrupted, Speech
from edge.door.limits.pace import Pace


class VoicePlayer(Protocol):
    """Plays Aura's voice to a client without messages."""

    def tell(self, event: Speech | Interrupted) -> None:
        """Queue speech to be played, or drop the queue."""


class Phone(Protocol):
    """Functions that only a telephone line has."""

    async def press(self, keys: str) -> bool:
        """Send *keys* to the other side; return whether they were sent."""

    async def transfer(self, to: str) -> bool:
        """Transfer the other side to a number or a `sip:` address; return whether that succeeded.

        The call then ends.
        """


class MessageReceiver(Protocol):
    """The receiver of what a transport does not queue: `messages` yields all the rest in order."""

    def take_at_once(self, message: str | bytes) -> bool:
        """Take a short message out of its order; return False if it is to wait for its turn."""

    def obey_now(self, command: ClientCommand) -> None:
        """Carry out a command that the transport itself makes, such as `Played`."""

    def over_budget(self, why: str) -> None:
        """Close the connection, which is over its budget and is not read any more."""


class Transport(Protocol):
    """The transport of one client."""

    pace: Pace
    player: VoicePlayer | None
    """None: audio goes in messages."""
    phone: Phone | None
    """None: it is no telephone."""

    def deliver_to(self, receiver: MessageReceiver) -> None:
        """Deliver to *receiver* while it lives; `messages` does not yield what it takes at once."""

    def messages(self) -> AsyncIterator[str | bytes]:
        """Yield the client's messages until it leaves."""

    async def send_str(self, data: str) -> None:
        """Send a message.

        Raises:
            ConnectionError: the client has left.
        """

    def cut_off(self, message: str) -> None:
        """Read no more, and have the connection closed."""

    async def close(self, *, code: int, message: bytes) -> Any:
        """Close with a WebSocket *code*; *message* is the reason."""
