"""What a call tells its caller, and what a caller asks of it, in words of no dialect."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from schemas.events import Stage, TurnMeasured


class Delivery(Enum):
    """In what pieces a caller's client takes the answer's audio."""

    WHOLE = "whole"
    """One piece an answer."""
    SENTENCES = "sentences"
    """One piece a sentence, each sent when the one before has been played."""
    CHUNKS = "chunks"
    """A stream of small pieces, a little ahead of the ear."""


# ---------------------------------------------------------------- call -> caller


@dataclass(frozen=True, slots=True)
class Words:
    """What the caller was understood to say."""

    text: str
    final: bool
    turn_ends: bool = False
    confidence: float = 0.0


@dataclass(frozen=True, slots=True)
class Speak:
    """A piece of an answer to be played now."""

    turn: int
    """0 is the greeting."""
    text: str
    pcm: bytes
    """Mono, signed 16-bit little-endian, 16 kHz; empty where a voice could not be had."""
    ends: bool
    """The last piece of the answer."""


@dataclass(frozen=True, slots=True)
class AnswerDone:
    """All of the answer has been handed to the client."""

    turn: int
    text: str
    model: str
    response_s: float
    """End of speech to the first audio sent, seconds."""
    prompt_tokens: int
    completion_tokens: int


@dataclass(frozen=True, slots=True)
class Interrupted:
    """The caller spoke over the answer; what is still in the client's buffer is to be dropped."""

    turn: int
    heard: str


@dataclass(frozen=True, slots=True)
class Trouble:
    """A stage failed; the call goes on unless *fatal*."""

    stage: Stage
    reason: str
    fatal: bool = False


@dataclass(frozen=True, slots=True)
class Measured:
    """The waterfall of a turn, for a client that asked for it."""

    waterfall: TurnMeasured


Notice = Words | Speak | AnswerDone | Interrupted | Trouble | Measured


# ---------------------------------------------------------------- caller -> call


@dataclass(frozen=True, slots=True)
class Begin:
    """Start a conversation."""

    delivery: Delivery
    options: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Sound:
    """Audio from the caller: mono, signed 16-bit little-endian, 16 kHz, whole samples."""

    pcm: bytes


@dataclass(frozen=True, slots=True)
class Finish:
    """End the conversation; *close* the connection too."""

    close: bool


@dataclass(frozen=True, slots=True)
class Reply:
    """A message that the dialect answers by itself."""

    message: dict[str, Any]


Intent = Begin | Sound | Finish | Reply
