"""Client events: messages to a client, of its call and of the door, common to all protocols."""

from dataclasses import dataclass
from typing import Literal

from schemas.events import CancelReason, Event, StageOrAudio, TurnMeasured
from schemas.session_config import Delivery


@dataclass(frozen=True, slots=True)
class CallerStarted:
    """The caller began to speak."""

    utterance: int
    ago_ms: int
    """The time since the start of the utterance's audio, ms."""
    over_response: bool
    """Whether a response is heard or on its way, so that the speech may be an interruption."""


@dataclass(frozen=True, slots=True)
class CallerStopped:
    """The utterance is over."""

    utterance: int
    ago_ms: int
    """The time since the end of the caller's voice, ms."""
    audio_ms: int
    """The audio of the utterance."""
    discarded: bool
    """Whether the utterance is ignored: it has no words, or only a backchannel."""


@dataclass(frozen=True, slots=True)
class TurnHandedIn:
    """The client ended the caller's turn; its words follow unless there are none."""

    utterance: int
    """The utterance of the turn; 0 if nobody spoke."""


@dataclass(frozen=True, slots=True)
class CallerTranscript:
    """The transcript of the caller's words."""

    text: str
    """The words up to a pause; if final, those that were not sent as final before."""
    final: bool
    """They end the turn."""
    confidence: float = 0.0
    continues: bool = False
    """Whether the words continue the turn of the previous final transcript."""
    utterance: int = 0
    """The utterance; 0 if the words were typed."""
    key: str = ""
    """The key of the message in the history, if the transcript is final."""


@dataclass(frozen=True, slots=True)
class ResponseStarted:
    """A response is committed: its audio may follow."""

    turn: int
    ask: str = ""
    """The client's name for a requested response; empty if it follows a turn of the caller."""
    delivery: Delivery | None = None
    """The delivery of its audio, if it was requested with other settings than the session's."""


@dataclass(frozen=True, slots=True)
class ResponseRefused:
    """A response that the client requested is not given: the model is off."""

    ask: str


@dataclass(frozen=True, slots=True)
class Speech:
    """A piece of a response, to play now."""

    turn: int
    """The turn; 0 is the greeting."""
    text: str
    pcm: bytes
    """The audio: s16le mono 16 kHz from the call, in the client's format at its protocol. Empty: no
    voice was available."""
    ends: bool
    """Whether it is the last piece of the response."""


@dataclass(frozen=True, slots=True)
class Tones:
    """The tones of telephone keys, to play to the other side now."""

    keys: str


@dataclass(frozen=True, slots=True)
class ResponseDone:
    """The whole response was sent to the client."""

    turn: int
    text: str
    model: str
    response_s: float
    """Time from the end of speech to the first audio sent, seconds."""
    prompt_tokens: int
    completion_tokens: int


@dataclass(frozen=True, slots=True)
class Interrupted:
    """The caller interrupted the response: the client must drop its unplayed audio."""

    turn: int
    heard: str
    played_ms: int = 0
    """The audio of the response that was played, from its beginning."""


@dataclass(frozen=True, slots=True)
class ResponseDropped:
    """The rest of a started response was dropped, for instance by an interruption."""

    turn: int
    reason: CancelReason


@dataclass(frozen=True, slots=True)
class CallerSilent:
    """Nobody spoke for the idle time of the session, so Aura speaks again."""

    silence_ms: int


@dataclass(frozen=True, slots=True)
class Trouble:
    """A stage, the caller's audio or the bus failed; the call goes on unless it is *fatal*."""

    stage: StageOrAudio | Literal["bus"]
    reason: str
    fatal: bool = False
    utterance: int = 0
    """The utterance whose words are given up; 0: all of them."""


@dataclass(frozen=True, slots=True)
class Measured:
    """The latencies of a turn, for a client that asked for them."""

    waterfall: TurnMeasured


@dataclass(frozen=True, slots=True)
class Happened:
    """An event of the session, for a client that asked for them."""

    event: Event


@dataclass(frozen=True, slots=True)
class ClientToolCalled:
    """The model calls a tool of the client, which answers with `ClientToolResult`."""

    call: str
    """The id of the call; it may be repeated on another connection."""
    name: str
    arguments: str
    """A JSON object."""


@dataclass(frozen=True, slots=True)
class Transferred:
    """Another agent continues the call."""

    agent: str


@dataclass(frozen=True, slots=True)
class CallsDone:
    """The model has made all calls of this step, and its words before them were sent.

    The response continues once all results have arrived, which `ResponseStarted` tells.
    """

    turn: int
    prompt_tokens: int
    completion_tokens: int


@dataclass(frozen=True, slots=True)
class ClientToolCancelled:
    """The result of this tool call is no longer needed."""

    call: str


@dataclass(frozen=True, slots=True)
class SessionOpened:
    """The client's session has begun, or goes on over this connection."""

    session: str
    resumed: bool = False
    heard: str = ""
    """The words already heard of the response that was cut, whose rest may follow."""


@dataclass(frozen=True, slots=True)
class SessionClosed:
    """The client's session is over."""


@dataclass(frozen=True, slots=True)
class Notice:
    """The door tells of an error: a refused request, an ignored option, a reached limit."""

    code: str
    """A word in capitals, such as `RATE_LIMITED`."""
    message: str
    details: str


ClientEvent = (
    SessionOpened
    | SessionClosed
    | Notice
    | CallerStarted
    | CallerStopped
    | TurnHandedIn
    | CallerTranscript
    | ResponseStarted
    | ResponseRefused
    | Speech
    | Tones
    | ResponseDone
    | Interrupted
    | ResponseDropped
    | CallerSilent
    | Trouble
    | Measured
    | ClientToolCalled
    | CallsDone
    | Transferred
    | ClientToolCancelled
    | Happened
)
