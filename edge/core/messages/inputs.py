"""The inputs of a call, one type for each; a call decides by nothing else.

A call is the fold of its inputs: the same inputs at the same times give the same effects. The input
log (`input_log.py`) is derived from these types: audio is logged as its length, an event as its id,
any other value as it is. A recorded tag never changes its meaning.
"""

from typing import Annotated

import msgspec

from schemas import inputs as kind
from schemas.agent import AgentUsed
from schemas.control import AnyCommand
from schemas.events import AnyEvent, EndReason, ItemRole, Message
from schemas.session_config import SessionConfig

Unmasked = Annotated[str, "unmasked"]
"""Text of the application, such as an id; any other text of a client is masked by a redaction."""


class Input(msgspec.Struct, frozen=True):
    """The base of all inputs; the tag is the number in the input log."""


# ---------------------------------------------------------------- the session


class Started(Input, frozen=True, tag=kind.STARTED):
    """The session begins."""


class Resumed(Input, frozen=True, tag=kind.RESUMED):
    """The session is resumed on another connection."""


class Reconfigured(Input, frozen=True, tag=kind.RECONFIGURED):
    """From here on the session has the configuration *config*."""

    config: SessionConfig
    agent: AgentUsed | None = None
    """The agent that continues the call; None: the same as before."""
    call: str = ""
    """The call of the tool `transfer` that caused it, or `effects.COMMAND_PREFIX` and the id of
    a command; empty if neither did."""


class Ticked(Input, frozen=True, tag=kind.TICKED):
    """Time has passed."""


class Finished(Input, frozen=True, tag=kind.FINISHED):
    """The connection ends."""

    reason: EndReason
    may_return: bool = False
    """Whether the caller may come back on another connection, so that a response can be
    continued."""


# ---------------------------------------------------------------- the caller


class Sound(Input, frozen=True, tag=kind.SOUND):
    """Audio of the caller, cut into frames."""

    frames: tuple[bytes, ...]
    """Frames of 20 ms, s16le mono 16 kHz; incomplete frames wait for the next sound."""
    voiced: tuple[bool, ...]
    """For each frame, whether it holds the caller's voice."""
    size_bytes: int
    """The audio that arrived, with the start of an incomplete frame."""


class BackgroundAlone(Input, frozen=True, tag=kind.BACKGROUND):
    """All voices of the last seconds were in the background, judging by loudness."""


class Typed(Input, frozen=True, tag=kind.TYPED):
    """The caller typed a turn."""

    text: str


class TurnEnded(Input, frozen=True, tag=kind.TURN_ENDED):
    """The client ended the caller's turn."""


class Cancelled(Input, frozen=True, tag=kind.CANCELLED):
    """The client cancelled the response."""


class Played(Input, frozen=True, tag=kind.PLAYED):
    """The client reports how much of the response it has played."""

    turn: int
    played_ms: int


class KeyPressed(Input, frozen=True, tag=kind.KEYS):
    """The caller pressed keys of a telephone."""

    keys: str


class ClientToolResult(Input, frozen=True, tag=kind.TOOL_RESULT):
    """The client's result of a tool call, or the reason of a failure."""

    call: Unmasked
    """The id of the call."""
    result: Unmasked
    """JSON or text; the reason of a failure."""
    failed: bool = False


class TurnDiscarded(Input, frozen=True, tag=kind.TURN_DISCARDED):
    """The client discarded the caller's open turn."""


class Truncated(Input, frozen=True, tag=kind.TRUNCATED):
    """The client stopped the response after the played part; the rest is unheard."""

    turn: int
    played_ms: int


class ItemAdded(Input, frozen=True, tag=kind.ITEM_ADDED):
    """The client added a message to the conversation."""

    key: Unmasked
    """The key of the message; if the key is taken, nothing is added."""
    role: ItemRole
    text: str
    after: Unmasked | None = None
    """The key of the message before it. Empty: it becomes the first; None or an unknown key: the
    last."""


class ItemRemoved(Input, frozen=True, tag=kind.ITEM_REMOVED):
    """The client removed a message from the conversation."""

    key: Unmasked


class ResponseRequested(Input, frozen=True, tag=kind.RESPONSE_ASKED):
    """The client asked for a response without a turn."""

    ask: Unmasked
    """The client's name for the response."""
    config: SessionConfig | None = None
    """The configuration of this response; None: the session's."""
    messages: tuple[Message, ...] | None = None
    """The messages to respond to; None: the conversation."""
    in_conversation: bool = True
    """Whether the response becomes part of the conversation."""


FromClient = (
    Typed
    | TurnEnded
    | TurnDiscarded
    | Cancelled
    | Played
    | Truncated
    | KeyPressed
    | ItemAdded
    | ItemRemoved
    | ResponseRequested
    | ClientToolResult
)
"""Inputs that a client protocol passes to the call directly."""
CountedAsTurn = Typed | KeyPressed | ResponseRequested
"""Inputs that may lead to a response without speech; a connection's budget counts them."""


# ---------------------------------------------------------------- the operator


class Commanded(Input, frozen=True, tag=kind.COMMANDED):
    """An operator or an application sent a command."""

    id: str
    """The id of the command; a command with a known id is not done again."""
    by: str
    command: AnyCommand


# ---------------------------------------------------------------- the stages


class StageSaid(Input, frozen=True, tag=kind.SAID):
    """A stage published an event: words, a sentence, a failure."""

    event: AnyEvent


class PartialTranscript(Input, frozen=True, tag=kind.PARTIAL):
    """The words so far of an utterance that is still spoken."""

    utterance: int
    audio_ms: int
    text: str


class ChunkSpoken(Input, frozen=True, tag=kind.CHUNK):
    """A piece of a sentence's audio."""

    turn: int
    index: int
    """The number of the sentence, from 0."""
    chunk: int
    """The number of the chunk in its sentence, from 0."""
    pcm: bytes
    """s16le mono 16 kHz."""
    last: bool


AnyInput = (
    Started
    | Resumed
    | Reconfigured
    | Ticked
    | Finished
    | Sound
    | BackgroundAlone
    | FromClient
    | Commanded
    | StageSaid
    | PartialTranscript
    | ChunkSpoken
)
