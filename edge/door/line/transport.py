"""The transport of a call with audio apart from its messages."""

import asyncio
from collections.abc import AsyncIterator
from typing import Protocol

from edge.core.messages.client_commands import ClientCommand
from edge.door.audio.audio_intake import AudioIntake, ClientConnection
from edge.door.limits.common_bounds import MOST_CLIENT_BYTES, message_bytes
from edge.door.limits.pace import Pace
from edge.door.transport import Phone, VoicePlayer

MOST_UNREAD_MESSAGES = 512
"""The most unread messages, with audio from before the session's beginning."""


class Carrier(Protocol):
    """The carrier of a call: a browser's peer connection or a telephone line."""

    @property
    def voice(self) -> VoicePlayer:
        """Return the player of Aura's voice."""

    async def send(self, text: str) -> None:
        """Send a message.

        Raises:
            ConnectionError: the client has left.
        """

    async def close(self) -> None:
        """Close, once the last messages are out."""


class LineTransport:
    """The transport of one call."""

    def __init__(self, pace: Pace) -> None:
        self.pace = pace
        self.player: VoicePlayer | None = None
        self.phone: Phone | None = None
        self.connection: ClientConnection | None = None
        self.intake: AudioIntake | None = None
        self._carrier: Carrier | None = None
        self._waiting: asyncio.Queue[str | bytes | None] = asyncio.Queue(MOST_UNREAD_MESSAGES + 1)
        """At most MOST_UNREAD_MESSAGES; None is the last, which always has room."""
        self._waiting_bytes = 0
        self._is_over = False
        pace.read_from(self)

    def has_more(self) -> bool:
        """Return whether messages wait."""
        return not self._waiting.empty()

    def note_slowed(self) -> None:
        """Do nothing: the carrier sees by itself whether its client has gone."""

    def attach(self, carrier: Carrier, phone: Phone | None = None) -> None:
        """Take the *carrier* of the call; *phone*: that of a telephone."""
        self._carrier, self.player, self.phone = carrier, carrier.voice, phone

    def arrived(self, message: str | bytes) -> None:
        """Take a message, or a packet's audio."""
        if self._is_over:
            return
        if self.intake and self._waiting.empty() and self.intake.take_if_audio(message):
            return  # the intake has counted it
        size_bytes = message_bytes(message)
        self.pace.budget.spend_frames(1, size_bytes)
        self._waiting_bytes += size_bytes
        if self._waiting_bytes > MOST_CLIENT_BYTES or self._waiting.qsize() >= MOST_UNREAD_MESSAGES:
            self.cut_off("messages come faster than they are read")
            return
        self._waiting.put_nowait(message)

    def commanded(self, commands: list[ClientCommand]) -> None:
        """Take commands that the line itself makes."""
        if self.connection and not self._is_over:
            for command in commands:
                self.connection.obey_now(command)

    def left(self) -> None:
        """Note that the client has left, or that no more comes; what has come is still read."""
        if not self._is_over:
            self._is_over = True
            self._waiting.put_nowait(None)

    def cut_off(self, message: str) -> None:
        """Read no more, not even what waits, and have the connection closed; *message* says why."""
        if self._is_over:
            return
        while not self._waiting.empty():
            self._waiting.get_nowait()
        self.left()
        if self.connection:
            self.connection.over_budget(message)

    async def messages(self) -> AsyncIterator[str | bytes]:
        """Yield waiting and later messages until the client leaves."""
        while (message := await self._waiting.get()) is not None:
            self._waiting_bytes -= message_bytes(message)
            yield message

    async def send_str(self, data: str) -> None:
        """Send a message.

        Raises:
            ConnectionError: the client has left.
        """
        if self._carrier is None:
            raise ConnectionError
        await self._carrier.send(data)

    async def close(self, *, code: int, message: bytes) -> None:
        """Close; a line has no close code, so an error message before it gives the reason."""
        del code, message
        self.left()
        if self._carrier:
            await self._carrier.close()
