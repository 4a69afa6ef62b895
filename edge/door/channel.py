"""What carries a connection's messages: a WebSocket, or whatever else has this form."""

from collections.abc import AsyncIterator, Callable
from typing import Any, Protocol

from edge.core.client_commands import Command
from edge.core.client_events import Interrupted, Speech
from edge.door.limits.pace import Pace


class Ear(Protocol):
    """Where a client hears Aura's voice that comes in no messages."""

    def tell(self, event: Speech | Interrupted) -> None:
        """Play speech behind what waits to be played, or drop all that waits."""


class Phone(Protocol):
    """What the line of a telephone can do besides."""

    async def press(self, keys: str) -> bool:
        """Send *keys* to the other side, and tell whether they went."""

    async def transfer(self, to: str) -> bool:
        """Hand the other side over to a number or a `sip:` address, and tell whether it went.

        The call then ends.
        """


class Channel(Protocol):
    """One client's way in and out."""

    pace: Pace
    ear: Ear | None
    """None: all that the client is told is in messages."""
    phone: Phone | None
    """None: it is no telephone."""
    on_message: Callable[[str | bytes], bool] | None
    """Set, it is called with short messages; those that it takes `frames` does not yield."""
    on_commands: Callable[[list[Command]], None] | None
    """Set, it is called with what the channel itself knows of the client: what was played."""
    on_excess: Callable[[str], None] | None
    """Set, it is called with why the connection costs too much, and closes it."""

    def frames(self) -> AsyncIterator[str | bytes]:
        """Yield the client's messages until it leaves."""

    async def send_str(self, data: str) -> None:
        """Send a message.

        Raises:
            ConnectionError: the client has left.
        """

    def exceed(self, message: str) -> None:
        """Read no more, and have the connection closed."""

    async def close(self, *, code: int, message: bytes) -> Any:
        """Close; *code* is one of WebSocket's, and *message* says why."""
