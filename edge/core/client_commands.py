"""What a client asks of its connection, in the words of no client protocol."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from edge.core.inputs import FromClient
from runtime.containers import Container
from runtime.wav import Format
from schemas.events import Message


@dataclass(frozen=True, slots=True)
class Begin:
    """Start a session; the connection's earlier session is ended first."""

    changes: Mapping[str, Any] = field(default_factory=dict)
    """Of the operator's configuration: paths such as `turns.eagerness` to values, checked."""
    greeting: bool = False
    """A greeting is wanted: the agent's, or the operator's."""
    agent: str = ""
    """The agent that the client asks for; empty: the default one."""
    variables: Mapping[str, str] = field(default_factory=dict)
    """Values of the agent's variables."""
    agent_hint: str = ""
    """The agent where *agent* is empty and one of this name exists."""
    events: bool = False
    """The client wants to be told of the session's own events as they happen."""


@dataclass(frozen=True, slots=True)
class Reconfigure:
    """Set the session anew: the operator's configuration with these changes and no others."""

    changes: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Ask:
    """Ask for a response by itself: see `inputs.ResponseAsked`."""

    ask: str
    changes: Mapping[str, Any] = field(default_factory=dict)
    """Of the session's configuration, for this response alone."""
    messages: tuple[Message, ...] | None = None
    kept: bool = True


@dataclass(frozen=True, slots=True)
class Audio:
    """Audio of the caller, in the format that it came in."""

    data: bytes
    form: Format | Container
    begins: bool = False
    """The data begins a new stream: a whole sample, or a file."""


@dataclass(frozen=True, slots=True)
class End:
    """End the session; *close* the connection, too."""

    close: bool


@dataclass(frozen=True, slots=True)
class Reply:
    """A message that the protocol answers by itself."""

    message: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Transfer:
    """Hand the caller over to a person, by the telephone network."""

    call: str
    """The telephone network's id of the call."""
    key: str
    """The key that the caller pressed; it goes to the call where the transfer fails."""


Command = Begin | Reconfigure | Ask | Audio | End | Reply | Transfer | FromClient
"""An input of the client goes to the call as it is."""
