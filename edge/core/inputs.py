"""The inputs of a call, a type each; a call decides by nothing else.

A call is the fold of its inputs: the same inputs at the same times give the same effects. The log
of them (`input_log.py`) is derived from these types: a field that holds audio is logged as its
length, an event as its id, anything else as it is. A tag, once recorded, keeps its meaning.
"""

from __future__ import annotations

import msgspec

from schemas import inputs as kind
from schemas.agent import AgentUsed
from schemas.control import AnyCommand
from schemas.events import AnyEvent, EndReason, ItemRole, Message
from schemas.session_config import SessionConfig


class Input(msgspec.Struct, frozen=True):
    """Anything a call is given; the tag is its number in the input log."""


# ---------------------------------------------------------------- the session


class Started(Input, frozen=True, tag=kind.STARTED):
    """The session begins."""


class Resumed(Input, frozen=True, tag=kind.RESUMED):
    """The session goes on, on another connection."""


class Reconfigured(Input, frozen=True, tag=kind.RECONFIGURED):
    """From here on the session is set to *config*."""

    config: SessionConfig
    agent: AgentUsed | None = None
    """The agent that goes on with the call; None: the same as before."""
    call: str = ""
    """The call of the tool `transfer` that caused it, or `effects.COMMANDED` and the id of a
    command; empty: neither did."""


class Ticked(Input, frozen=True, tag=kind.TICKED):
    """Time passed; nothing else happened."""


class Finished(Input, frozen=True, tag=kind.FINISHED):
    """The connection ends."""

    reason: EndReason
    may_return: bool = False
    """The caller may come back on another connection: a response is left to be gone on with."""


# ---------------------------------------------------------------- the caller


class Sound(Input, frozen=True, tag=kind.SOUND):
    """Audio of the caller, cut into frames."""

    pcm: bytes
    """Whole 20 ms frames, s16le mono 16 kHz; a rest waits for the next sound."""
    voiced: tuple[bool, ...]
    """Of each frame: whether it holds the caller's voice."""
    size: int
    """Bytes that arrived."""


class BackgroundAlone(Input, frozen=True, tag=kind.BACKGROUND):
    """All voices of the last seconds were the background's, as far as loudness can tell."""


class Typed(Input, frozen=True, tag=kind.TYPED):
    """The caller typed a whole turn."""

    text: str


class TurnEnded(Input, frozen=True, tag=kind.TURN_ENDED):
    """The client says that the caller's turn is over."""


class Cancelled(Input, frozen=True, tag=kind.CANCELLED):
    """The client says that the response is to stop."""


class Played(Input, frozen=True, tag=kind.PLAYED):
    """The client says how much of the response it has played."""

    turn: int
    played_ms: int


class KeyPressed(Input, frozen=True, tag=kind.KEYS):
    """The caller pressed keys of a telephone."""

    keys: str


class ToolResult(Input, frozen=True, tag=kind.TOOL_RESULT):
    """The client's result of a call of one of its tools, or why there is none."""

    call: str
    """The id of the call."""
    result: str
    """JSON, or text; of a failure: why."""
    failed: bool = False


class TurnDiscarded(Input, frozen=True, tag=kind.TURN_DISCARDED):
    """The client says that nothing of the caller's open turn counts."""


class Truncated(Input, frozen=True, tag=kind.TRUNCATED):
    """The client dropped the response where it had played so much of it: the rest is unheard."""

    turn: int
    played_ms: int


class ItemAdded(Input, frozen=True, tag=kind.ITEM_ADDED):
    """The client put a message into the conversation."""

    key: str
    """Its name; a message that has one by then stays."""
    role: ItemRole
    text: str
    after: str | None = None
    """The key of the message before it; empty: it is the first; None, or no such: the last."""


class ItemRemoved(Input, frozen=True, tag=kind.ITEM_REMOVED):
    """The client took a message out of the conversation."""

    key: str


class ResponseAsked(Input, frozen=True, tag=kind.RESPONSE_ASKED):
    """The client asked for a response by itself, not to a turn."""

    ask: str
    """The client's name for it."""
    config: SessionConfig | None = None
    """Of this response alone; None: the session's."""
    messages: tuple[Message, ...] | None = None
    """What it responds to; None: the conversation."""
    kept: bool = True
    """It becomes part of the conversation."""


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
    | ResponseAsked
    | ToolResult
)
"""What a client tells its call without a detour."""


# ---------------------------------------------------------------- the operator


class Commanded(Input, frozen=True, tag=kind.COMMANDED):
    """An operator or an application has the call do something."""

    id: str
    """Of the command: once received, it is not done again."""
    by: str
    command: AnyCommand


# ---------------------------------------------------------------- the stages


class StageSaid(Input, frozen=True, tag=kind.SAID):
    """A stage stored an event: words, a sentence, a failure."""

    event: AnyEvent


class PartialHeard(Input, frozen=True, tag=kind.PARTIAL):
    """The words of an utterance so far, while it is spoken."""

    utterance: int
    audio_ms: int
    text: str


class ChunkSpoken(Input, frozen=True, tag=kind.CHUNK):
    """A piece of a sentence's audio."""

    turn: int
    index: int
    """The sentence, from 0."""
    chunk: int
    """The piece of it, from 0."""
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
    | PartialHeard
    | ChunkSpoken
)
