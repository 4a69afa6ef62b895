"""An event of a test, of which only what matters is said."""

from __future__ import annotations

from typing import Any

from schemas.events import TurnTaken


def taken(**said: Any) -> TurnTaken:
    """Return a job for the language model, the first turn of session `s` of tenant `t`."""
    nothing: dict[str, Any] = {
        "tenant": "t",
        "session": "s",
        "at_ms": 1,
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
