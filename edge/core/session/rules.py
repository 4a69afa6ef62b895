"""What one call was set to: with its inputs, all that its decisions follow from."""

from __future__ import annotations

from dataclasses import dataclass

from edge.core.endpointing.end_of_turn import Waits
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
    """The language model is asked whether the caller was done, and waited for unless it did not say
    the last time. False in calls from before it could be asked."""
    waits: Waits | None = None
    """Other numbers than those of the eagerness, tried by a replay."""
