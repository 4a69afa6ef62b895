"""Recording: the inputs of a session, and the consent to keep its sound."""

from typing import Literal

import msgspec

from schemas.events.event import Bin, Event


class RecordingConsented(Event, frozen=True, kw_only=True, tag="recording.consented"):
    """Edge -> all: from here on the sound of both sides is recorded, and who chose that."""

    KIND = "life"
    KEY = ("at_ms",)
    by: Literal["caller", "operator"]
    """Who chose it: the caller, by an option, or the operator, by a setting."""


class RecordingEnded(Event, frozen=True, kw_only=True, tag="recording.ended"):
    """Edge -> all: the call goes on, but its sound is no longer recorded."""

    KIND = "life"
    KEY = ("at_ms",)
    reason: str
    """The reason, for operators: which quota is used up."""


class InputsDelivered(Event, frozen=True, kw_only=True, tag="inputs.delivered"):
    """Edge -> all: the inputs of the call with their times, from which it can be decided again.

    A section is written every ten seconds and at the end; `schemas/inputs.py` packs and unpacks it.
    """

    KIND = "in"
    KEY = ("from_ms", "section")
    section: int = msgspec.field(name="part")
    """The number of the section in its connection, from 0."""
    from_ms: int
    """Unix time, ms, from which the first row counts."""
    frames: int
    """The number of bits in `voice`."""
    voice: Bin
    """One bit for each 20 ms frame of sound, 1 if there was voice; the first frame is the highest
    bit."""
    rows: Bin
    """A MessagePack array; each row is [ms after the row before, kind, ...]."""
