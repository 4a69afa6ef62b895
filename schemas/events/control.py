"""What steers a call beside speech: operators, keys of a telephone, a silence that lasts."""

from __future__ import annotations

from schemas.control import AnyCommand
from schemas.events.event import Event


class KeysPressed(Event, frozen=True, kw_only=True, tag="keys.pressed"):
    """Edge -> all: the caller pressed keys of a telephone."""

    KIND = "life"
    KEY = ("at_ms",)
    keys: str
    """Of 0-9, *, # and A-D, in their order."""


class ControlReceived(Event, frozen=True, kw_only=True, tag="control.received"):
    """Edge -> all: an operator or an application had the call do something."""

    KIND = "life"
    KEY = ("command_id",)
    command_id: str
    by: str
    """Who: the `sub` of a token, or `operator`."""
    command: AnyCommand


class ControlSpoken(Event, frozen=True, kw_only=True, tag="control.spoken"):
    """Edge -> all: the words of a command, or of the edge itself, are spoken as this turn."""

    KIND = "life"
    KEY = ("turn",)
    turn: int
    command_id: str = ""
    """Empty: the question or the goodbye to an idle caller."""


class CallerIdle(Event, frozen=True, kw_only=True, tag="caller.idle"):
    """Edge -> all: nobody said a word for too long; the caller is asked, or the call ends."""

    KIND = "life"
    KEY = ("at_ms",)
    silent_ms: int
    ends: bool
    """The caller was asked before: the call ends."""
