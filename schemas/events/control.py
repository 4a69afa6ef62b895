"""Events that steer a call without speech: commands, telephone keys, a long silence."""

from schemas.control import AnyCommand
from schemas.events.event import Event


class KeysPressed(Event, frozen=True, kw_only=True, tag="keys.pressed"):
    """Edge -> all: the caller pressed keys of a telephone."""

    KIND = "life"
    KEY = ("at_ms",)
    keys: str
    """The keys in order: 0-9, *, # and A-D."""


class ControlReceived(Event, frozen=True, kw_only=True, tag="control.received"):
    """Edge -> all: an operator or an application sent a command to the call."""

    KIND = "life"
    KEY = ("command_id",)
    command_id: str
    """The id of the command, from its sender."""
    by: str
    """The sender: the `sub` of a token, or `operator`."""
    command: AnyCommand
    """The command; `action` names it."""


class ControlSpoken(Event, frozen=True, kw_only=True, tag="control.spoken"):
    """Edge -> all: this turn speaks the words of a command or of the edge itself."""

    KIND = "life"
    KEY = ("turn",)
    turn: int
    command_id: str = ""
    """The id of the command; empty for the question or the goodbye to an idle caller."""


class CallerIdle(Event, frozen=True, kw_only=True, tag="caller.idle"):
    """Edge -> all: both sides were silent for too long; the caller is asked, or the call ends."""

    KIND = "life"
    KEY = ("at_ms",)
    silent_ms: int
    """The silence of both sides so far, ms."""
    ends: bool
    """Whether the call ends, since the caller was asked before."""
