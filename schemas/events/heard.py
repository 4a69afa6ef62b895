"""How much of a response the caller heard, and what interrupted it."""

from __future__ import annotations

from schemas.events.event import Event


class InterruptionSuspected(Event, frozen=True, kw_only=True, tag="interruption.suspected"):
    """Edge -> all: sound over the response; playback is held until it is clear what it was."""

    KIND = "life"
    KEY = ("turn", "at_ms")
    turn: int
    played_ms: int


class InterruptionStopped(Event, frozen=True, kw_only=True, tag="interruption.stopped"):
    """Edge -> all: voice over the response lasts; the client stops, its words are waited for."""

    KIND = "life"
    KEY = ("turn", "at_ms")
    turn: int
    played_ms: int


class InterruptionDismissed(Event, frozen=True, kw_only=True, tag="interruption.dismissed"):
    """Edge -> all: it was no interruption; playback goes on where it stopped."""

    KIND = "life"
    KEY = ("turn", "at_ms")
    turn: int
    played_ms: int


class AnswerHeard(Event, frozen=True, kw_only=True, tag="answer.heard"):
    """Edge -> all: what the caller heard of the response: this, and no more, is history."""

    KIND = "life"
    KEY = ("turn",)
    turn: int
    text: str
    complete: bool
    played_ms: int
    carried: bool = False
    """The caller went on before more than the first sounds were heard: the words are part of the
    next turn's, and nothing of the response is history."""
    resumable: bool = False
    """The line was cut in mid-response. A caller who is back in time hears the rest; then one more
    event of this turn says what was heard in all (`text`), and played since (`played_ms`)."""
    sentence: int = 0
    """Where the rest begins: in this sentence, ..."""
    sentence_ms: int = 0
    """... after so much of it, ..."""
    sentence_words: int = 0
    """... and so many of its words."""
    part: int = 0
    """Counts the events of this turn: over 0, an earlier one was `resumable`."""
    kept: bool = True
    """It is part of the conversation; else nobody remembers it."""

    @property
    def id(self) -> str:
        base = super().id
        return f"{base}.{self.part}" if self.part else base


class AnswerReached(Event, frozen=True, kw_only=True, tag="answer.reached"):
    """Edge -> edge: how far a response was handed out, for an edge that may go on with it."""

    KIND = "life"
    KEY = ("turn", "index")
    turn: int
    index: int
    """The sentence that begins now; the client was sent all before it."""


class AnswerTruncated(Event, frozen=True, kw_only=True, tag="answer.truncated"):
    """Edge -> all: the client said how much was heard of a response; that is history instead."""

    KIND = "life"
    KEY = ("turn", "at_ms")
    turn: int
    text: str
    played_ms: int
