"""Calls whose client ends turns itself, and calls that respond."""

from __future__ import annotations

from typing import Any

from edge.core.session.history import fold
from schemas import events as ev
from schemas.events import Message
from tests.unit.edge.core.rehearsal import Rehearsal

QUESTION = "What is the capital of France?"
BY_CLIENT: dict[str, Any] = {
    "turns__by_client": True,
    "turns__respond": False,
    "turns__speculate": False,
    "interruption__allowed": False,
    "turns__min_speech_ms": 20,
}


def final(r: Rehearsal, text: str, utterance: int | None = None) -> None:
    """The recogniser tells the words of a whole utterance."""
    r.event(
        ev.TranscriptFinal,
        utterance=utterance or r.events(ev.SpeechStarted)[-1].utterance,
        text=text,
        confidence=0.9,
        audio_ms=500,
        took_ms=1.0,
        model="m",
    )


def responding(ms: int = 3000, **changes: Any) -> Rehearsal:
    """Return a call in which a response is being heard."""
    r = Rehearsal(**changes)
    r.says(800, QUESTION)
    r.quiet(600)
    r.answers("It is Paris, and it has been for long.")
    r.speaks(0, ms)
    r.quiet(1000)
    return r


def folded(r: Rehearsal) -> list[Message]:
    """Return the conversation as another edge reads it from the log."""
    return fold(r.events(ev.Event)).messages
