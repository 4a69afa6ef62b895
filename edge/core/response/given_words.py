"""Given words, which are spoken as they are, without a model."""

import re

from edge.core.response.response import Response
from schemas.events import Head, ResponseCompleted, ResponseSentence, Speaker
from schemas.session_config import SessionConfig

LEAST_CHARS = 60
"""The shortest piece that is split off, since a shorter piece mostly ends with an abbreviation."""
_SENTENCE_END = re.compile(r"(?<=[.!?…])\s+|(?<=[。！？])|\n+")  # noqa: RUF001  # marks of other scripts


def pieces(text: str, least_chars: int = LEAST_CHARS) -> list[str]:
    """Return the sentences of *text*, stripped of blanks; one below *least_chars* gets the next."""
    found: list[str] = []
    for part in filter(None, map(str.strip, _SENTENCE_END.split(text))):
        if found and len(found[-1]) < least_chars:
            found[-1] = f"{found[-1]} {part}"
        else:
            found.append(part)
    return found


def speaker(config: SessionConfig) -> Speaker:
    """Return the voice, the speed and the language of *config*."""
    voice = config.voice
    return Speaker(language=config.language, voice=voice.name, speed=voice.speed)


def sentence(
    head: Head, response: Response, text: str, config: SessionConfig, *, fixed: bool = False
) -> ResponseSentence:
    """Return the job to speak *text* next in *response*; *fixed*: its audio is worth caching."""
    return ResponseSentence(
        **head,
        turn=response.turn,
        index=response.sentences.written,
        text=text,
        first_token_ms=0.0,
        took_ms=0.0,
        model="",
        deadline_ms=head["at_ms"] + config.response.timeout_ms,
        text_only=response.playback.is_read,
        fixed=fixed,
        **speaker(config),
    )


def completed(
    head: Head, response: Response, *, text: str = "", step: int = 0
) -> ResponseCompleted:
    """Return the completion of *response* or of its last *step*, which no model wrote."""
    return ResponseCompleted(
        **head,
        turn=response.turn,
        sentences=response.sentences.written,
        text=text,
        model="",
        prompt_tokens=0,
        completion_tokens=0,
        took_ms=0.0,
        step=step,
    )
