"""What is kept of a session beside its story: its inputs, and the sound of both sides."""

from __future__ import annotations

from typing import Literal

from schemas.events.event import Bin, Event


class RecordingConsented(Event, frozen=True, kw_only=True, tag="recording.consented"):
    """Edge -> all: from here on the sound of both sides is kept; by whose choice."""

    KIND = "life"
    KEY = ("at_ms",)
    by: Literal["caller", "operator"]


class RecordingEnded(Event, frozen=True, kw_only=True, tag="recording.ended"):
    """Edge -> all: no more sound is kept of a call that goes on."""

    KIND = "life"
    KEY = ("at_ms",)
    reason: str


class InputsDelivered(Event, frozen=True, kw_only=True, tag="inputs.delivered"):
    """Edge -> all: what the call was given, and when: its decisions can be made again from this.

    A part every ten seconds, and one at the end; `schemas/inputs.py` packs and unpacks it.
    """

    KIND = "in"
    KEY = ("from_ms", "part")
    part: int
    """Counts from 0 for every connection of the session."""
    from_ms: int
    """Unix time, ms, that the first row counts from."""
    frames: int
    """Bits in `voice`."""
    voice: Bin
    """A bit a 20 ms frame of sound, first frame in the highest bit: 1 where there was voice."""
    rows: Bin
    """A MessagePack array; each row is [ms after the row before, kind, ...]."""
