"""The transport of a connection's messages: a WebSocket, a data channel, or a telephone line."""

from collections.abc import AsyncIterator
from typing import Any, Protocol

from edge.core.messages.client_events import Interrupted, Speech
from edge.door.audio.audio_intake import AudioIntake, ClientConnection
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


class Transport(Protocol):
    """The transport of one client."""

    pace: Pace
    player: VoicePlayer | None
    """None: audio goes in messages."""
    phone: Phone | None
    """None: it is no telephone."""
    connection: ClientConnection | None
    """The connection that reads this transport, while it does."""
    intake: AudioIntake | None
    """Takes short audio at once; None: a message before it is not obeyed yet."""

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
