"""What a call tells its client, in the words of no client protocol."""

from __future__ import annotations

from dataclasses import dataclass

from schemas.events import CancelReason, Event, FaultyPart, TurnMeasured


@dataclass(frozen=True, slots=True)
class SpeechStarted:
    """The caller began to speak."""

    utterance: int
    ago_ms: int
    """How long before now the utterance's audio began, ms."""
    over_response: bool
    """A response is heard or on its way, so the speech may be an interruption."""


@dataclass(frozen=True, slots=True)
class SpeechStopped:
    """The utterance is over."""

    utterance: int
    ago_ms: int
    """How long before now the caller's voice ended, ms."""
    audio_ms: int
    """Of the utterance."""
    discarded: bool
    """The utterance counts for nothing: it holds no words, or a backchannel."""


@dataclass(frozen=True, slots=True)
class TurnHandedIn:
    """The client ended the caller's turn; its words follow unless it holds none."""

    utterance: int
    """0: nobody spoke in it."""


@dataclass(frozen=True, slots=True)
class Transcript:
    """The caller's words as they were understood."""

    text: str
    """All words of the turn."""
    final: bool
    """They end the turn."""
    confidence: float = 0.0
    goes_on: bool = False
    """The words belong to the same turn as those of the final transcript before."""
    utterance: int = 0
    """0: they were typed."""
    key: str = ""
    """Of the message in the history, where they are final."""


@dataclass(frozen=True, slots=True)
class ResponseStarted:
    """A response is committed: its audio may follow."""

    turn: int
    ask: str = ""
    """The name that the client asked for it by; empty: it follows a turn of the caller."""


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
    played_ms: int = 0
    """Of the response's audio, counted from its beginning."""


@dataclass(frozen=True, slots=True)
class ResponseDropped:
    """Nobody gets the rest of the response, which had started; it may have been interrupted."""

    turn: int
    reason: CancelReason


@dataclass(frozen=True, slots=True)
class CallerSilent:
    """Nobody spoke for as long as the session allows: Aura speaks again."""

    silence_ms: int


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
class Happened:
    """An event of the session, for a client that asked for them."""

    event: Event


@dataclass(frozen=True, slots=True)
class ToolCalled:
    """The model calls a tool of the client, which answers with `ToolResult`."""

    call: str
    """The id of the call; the same call may be told twice, on another connection."""
    name: str
    arguments: str
    """A JSON object."""


@dataclass(frozen=True, slots=True)
class HandedOver:
    """Another agent goes on with the call."""

    agent: str


@dataclass(frozen=True, slots=True)
class CallsDone:
    """The model has made all calls of this step, and its words before them were sent.

    Once the results of all calls are here it goes on, which `ResponseStarted` tells.
    """

    turn: int
    prompt_tokens: int
    completion_tokens: int


@dataclass(frozen=True, slots=True)
class ToolCancelled:
    """Nobody waits for the result of this call any more."""

    call: str


ClientEvent = (
    SpeechStarted
    | SpeechStopped
    | TurnHandedIn
    | Transcript
    | ResponseStarted
    | Speech
    | ResponseDone
    | Interrupted
    | ResponseDropped
    | CallerSilent
    | Trouble
    | Measured
    | ToolCalled
    | CallsDone
    | HandedOver
    | ToolCancelled
    | Happened
)
