"""Events of a test, of which only what matters is said."""

from __future__ import annotations

from typing import Any

from schemas.events import SpeechStarted, TranscriptFinal, TurnTaken

WHOSE: dict[str, Any] = {"tenant": "t", "session": "s", "at_ms": 1}


def speech(utterance: int = 1) -> SpeechStarted:
    """Return a job for the recogniser."""
    return SpeechStarted(**WHOSE, utterance=utterance, language="en", deadline_ms=0)


def words(utterance: int = 1) -> TranscriptFinal:
    """Return the result of such a job: no words."""
    return TranscriptFinal(
        **WHOSE, utterance=utterance, text="", confidence=0, audio_ms=1, took_ms=1, model="m"
    )


def taken(**said: Any) -> TurnTaken:
    """Return a job for the language model, the first turn of session `s` of tenant `t`."""
    nothing: dict[str, Any] = {
        **WHOSE,
        "turn": 1,
        "utterance": 1,
        "pause": 1,
        "system": "",
        "messages": (),
        "llm_model": "",
        "max_tokens": 20,
        "temperature": 0,
        "seed": 0,
        "speculative": False,
        "deadline_ms": 0,
    }
    return TurnTaken(**{**nothing, **said})
