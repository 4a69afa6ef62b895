"""What a client protocol is to the rest of the edge: frames in, intents out; notices to messages.

A dialect is pure: no socket, no clock, no bus. It keeps what its protocol makes it keep (a WAV
header, an odd byte) and nothing of the call.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from edge.core.notices import Intent, Notice

Json = Mapping[str, Any]


class Dialect(Protocol):
    """One client protocol, one connection."""

    name: str
    named: bool
    """Its callers show a token: they are counted as users of a tenant, and their control messages
    (all text frames) are limited."""
    binary_is_sound: bool
    """A binary message is sound and nothing else."""

    def opened(self) -> list[Json | Intent]:
        """Return what follows from a connection alone: messages to send, intents."""

    def receive(self, frame: str | bytes, now_ms: int = 0) -> list[Intent]:
        """Return what the client asked with one WebSocket message; any bytes are answered.

        *now_ms* is Unix time, ms, of its arrival.
        """

    def began(self, session: str, *, resumed: bool = False) -> list[Json]:
        """Return the messages that tell the client its conversation *session* has begun."""

    def ended(self) -> list[Json]:
        """Return the messages that tell the client its conversation is over."""

    def tell(self, notice: Notice) -> list[Json]:
        """Return *notice* in this protocol's messages."""
