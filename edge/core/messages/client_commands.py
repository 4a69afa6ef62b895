"""Client commands: a client's requests to its connection, in a form common to all protocols."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from edge.core.messages.inputs import FromClient
from runtime.audio.containers import Container
from runtime.audio.wav import Format
from schemas.events import Message


@dataclass(frozen=True, slots=True)
class Begin:
    """Start a session; an open session of the connection is ended first."""

    changes: Mapping[str, Any] = field(default_factory=dict)
    """Checked changes of the operator's configuration: values by path, such as
    `turns.eagerness`."""
    greeting: bool = False
    """Whether the client wants a greeting, the agent's or the operator's."""
    agent: str = ""
    """The agent that the client asks for; empty: the default one."""
    variables: Mapping[str, str] = field(default_factory=dict)
    """Values of the agent's variables."""
    agent_hint: str = ""
    """The agent to use if *agent* is empty and an agent of this name exists."""
    events: bool = False
    """Whether the client gets the session's own events live."""


@dataclass(frozen=True, slots=True)
class Reconfigure:
    """Reconfigure the session: the operator's configuration with exactly these changes."""

    changes: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Ask:
    """Ask for a response without a turn: see `inputs.ResponseRequested`."""

    ask: str
    changes: Mapping[str, Any] = field(default_factory=dict)
    """Changes of the session's configuration for this response only."""
    messages: tuple[Message, ...] | None = None
    in_conversation: bool = True


class Audio(msgspec.Struct, frozen=True):  # one for each frame: it is created in C
    """Audio of the caller, in the client's format."""

    data: bytes
    form: Format | Container
    begins: bool = False
    """Whether the data begin a new stream or file."""


@dataclass(frozen=True, slots=True)
class EndSession:
    """End the session; *close* also closes the connection."""

    close: bool


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply of the protocol itself, sent as it is."""

    message: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class PhoneTransfer:
    """Transfer the caller to a person in the telephone network."""

    telephone_call: str
    """The id of the call in the telephone network."""
    key: str
    """The key that the caller pressed; it is passed to the call if the transfer fails."""


ClientCommand = Begin | Reconfigure | Ask | Audio | EndSession | Reply | PhoneTransfer | FromClient
"""Inputs of the client are also commands, and are passed to the call as they are."""
