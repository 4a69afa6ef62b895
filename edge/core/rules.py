"""What one call was set to: with its inputs, all that its decisions follow from."""

from __future__ import annotations

from dataclasses import dataclass

from edge.core.endpointing import Waits
from schemas.events import SessionSettings


@dataclass(frozen=True)
class Rules:
    """What one call was set to."""

    settings: SessionSettings
    greeting: str = ""
    history_messages: int = 20
    speculate: bool = True
    deadline_ms: int = 15_000
    chunk_ms: int = 64
    model_reads: bool = False
    """The language model is expected to say of the first guess whether the caller was done; whether
    it does of a guess is expected of the next."""
    waits: Waits | None = None
    """Other numbers than those of the eagerness, tried by a replay."""
