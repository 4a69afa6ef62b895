"""What a call tells its client, in the words of no client protocol."""

from __future__ import annotations

from dataclasses import dataclass

from schemas.events import FaultyPart, TurnMeasured


@dataclass(frozen=True, slots=True)
class Transcript:
    """The caller's words as they were understood."""

    text: str
    final: bool
    turn_ends: bool = False
    confidence: float = 0.0
    goes_on: bool = False
    """The words go on with the turn of the final transcript before this one; they are new."""


@dataclass(frozen=True, slots=True)
class Speech:
    """A piece of a response, to be played now."""

    turn: int
    """0 is the greeting."""
    text: str
    pcm: bytes
    """s16le mono 16 kHz out of the call, in the client's format at its protocol; empty: no voice
    could be had."""
    ends: bool
    """The last piece of the response."""


@dataclass(frozen=True, slots=True)
class ResponseDone:
    """All of the response has been handed to the client."""

    turn: int
    text: str
    model: str
    response_s: float
    """End of speech to the first audio sent, seconds."""
    prompt_tokens: int
    completion_tokens: int


@dataclass(frozen=True, slots=True)
class Interrupted:
    """The caller spoke over the response; the client drops its audio that is not played yet."""

    turn: int
    heard: str


@dataclass(frozen=True, slots=True)
class Trouble:
    """A stage failed; the call goes on unless it is *fatal*."""

    stage: FaultyPart
    reason: str
    fatal: bool = False


@dataclass(frozen=True, slots=True)
class Measured:
    """The latencies of a turn, for a client that asked for them."""

    waterfall: TurnMeasured


@dataclass(frozen=True, slots=True)
class ToolCalled:
    """The model calls a tool of the client, which answers with `ToolResult`."""

    call: str
    """The id of the call; the same call may be told twice, on another connection."""
    name: str
    arguments: str
    """A JSON object."""


@dataclass(frozen=True, slots=True)
class ToolCancelled:
    """Nobody waits for the result of this call any more."""

    call: str


ClientEvent = (
    Transcript
    | Speech
    | ResponseDone
    | Interrupted
    | Trouble
    | Measured
    | ToolCalled
    | ToolCancelled
)
