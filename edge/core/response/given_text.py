"""A text that is given as a whole, cut into pieces that are synthesized one after the other."""

from __future__ import annotations

import re
from collections.abc import Sequence

from schemas.events import Head, ResponseCompleted, ResponseSentence, Speaker

LEAST_CHARS = 60
"""A shorter piece is not cut off: mostly it ends with an abbreviation, or is soon spoken."""
_END = re.compile(r"(?<=[.!?…])\s+|(?<=[。！？])|\n+")  # noqa: RUF001  # marks of other scripts


def pieces(text: str) -> list[str]:
    """Return *text* cut at the ends of its sentences, without blanks around them."""
    found: list[str] = []
    for part in filter(None, (one.strip() for one in _END.split(text))):
        if found and len(found[-1]) < LEAST_CHARS:
            found[-1] = f"{found[-1]} {part}"
        else:
            found.append(part)
    return found


def as_events(
    sentences: Sequence[str],
    head: Head,
    turn: int,
    speaker: Speaker,
    *,
    deadline_ms: int,
    text_only: bool,
) -> tuple[list[ResponseSentence], ResponseCompleted]:
    """Return the events of a response that is *sentences* and no more: no model wrote it."""
    given = [
        ResponseSentence(
            **head,
            turn=turn,
            index=index,
            text=text,
            first_token_ms=0.0,
            took_ms=0.0,
            model="",
            deadline_ms=deadline_ms,
            text_only=text_only,
            **speaker,
        )
        for index, text in enumerate(sentences)
    ]
    completed = ResponseCompleted(
        **head,
        turn=turn,
        sentences=len(given),
        text=" ".join(sentences),
        model="",
        prompt_tokens=0,
        completion_tokens=0,
        took_ms=0.0,
    )
    return given, completed
