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
    """Start a session; one that goes on is ended first."""

    changes: Mapping[str, Any] = field(default_factory=dict)
    """Of the operator's configuration: paths such as `turns.eagerness` to values, checked."""
    greeting: bool = False
    """A greeting is wanted: the agent's, or the operator's."""
    agent: str = ""
    """The agent that the client asks for; empty: the one that it has without asking."""
    variables: Mapping[str, str] = field(default_factory=dict)
    """Values that it brings for the variables of its agent."""
    agent_hint: str = ""
    """The agent that it wants if there is one of that name, and it asks for no other."""
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
    """It begins with a whole sample or a file, whatever came before."""


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
    """As the network names it."""
    key: str
    """That the caller pressed for it; where nobody can be had it is a key like others."""


Command = Begin | Reconfigure | Ask | Audio | End | Reply | Transfer | FromClient
"""An input of the client goes to the call as it is."""
