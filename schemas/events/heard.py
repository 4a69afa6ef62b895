"""How much of a response the caller heard, and its interruptions."""

import msgspec

from schemas.events.event import Event


class InterruptionSuspected(Event, frozen=True, kw_only=True, tag="interruption.suspected"):
    """Edge -> all: there is sound over the response; playback is held until its cause is clear."""

    KIND = "life"
    KEY = ("turn", "at_ms")
    turn: int
    played_ms: int


class InterruptionStopped(Event, frozen=True, kw_only=True, tag="interruption.stopped"):
    """Edge -> all: voice over the response lasts; the client stops until the words come."""

    KIND = "life"
    KEY = ("turn", "at_ms")
    turn: int
    played_ms: int


class InterruptionDismissed(Event, frozen=True, kw_only=True, tag="interruption.dismissed"):
    """Edge -> all: the sound was no interruption; playback goes on where it stopped."""

    KIND = "life"
    KEY = ("turn", "at_ms")
    turn: int
    played_ms: int


class AnswerHeard(Event, frozen=True, kw_only=True, tag="answer.heard"):
    """Edge -> all: what the caller heard of the response; only this becomes history."""

    KIND = "life"
    KEY = ("turn",)
    OPTIONAL_KEY = "earlier_connections"
    OPTIONAL_KEY_PREFIX = ""
    turn: int
    text: str
    """The words that were heard; empty: none."""
    complete: bool
    """Whether all of the response was heard."""
    played_ms: int
    carried: bool = False
    """The caller went on speaking at the first sounds of the response. The words of this turn
    become part of the next turn, and the response does not become history."""
    resumable: bool = False
    """The connection was lost during the response. A caller who returns in time hears the rest;
    then another event of this turn tells all that was heard (`text`), and what was played since the
    return (`played_ms`)."""
    sentence: int = 0
    """The sentence in which the rest begins."""
    sentence_ms: int = 0
    """The audio of that sentence before the rest, ms."""
    sentence_words: int = 0
    """The number of words of that sentence before the rest."""
    earlier_connections: int = msgspec.field(default=0, name="part")
    """The number of this event in its turn; above 0 an earlier one was `resumable`."""
    in_conversation: bool = msgspec.field(default=True, name="kept")
    """Whether the response becomes part of the conversation."""


class AnswerReached(Event, frozen=True, kw_only=True, tag="answer.reached"):
    """Edge -> edge: how much of a response was sent, for another edge that may continue it."""

    KIND = "life"
    KEY = ("turn", "index")
    turn: int
    index: int
    """The sentence that begins now; all sentences before it were sent to the client."""


class AnswerTruncated(Event, frozen=True, kw_only=True, tag="answer.truncated"):
    """Edge -> all: the client told how much of a response was heard; history is corrected to it."""

    KIND = "life"
    KEY = ("turn", "at_ms")
    turn: int
    text: str
    """The words that were heard, which replace those of `answer.heard`."""
    played_ms: int
    """Audio of the response that the client has played, ms."""
