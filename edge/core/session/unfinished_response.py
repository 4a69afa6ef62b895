"""A response that was not completely heard, for a later connection of the session."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, auto

from edge.core.session.tool_steps import ToolSteps
from schemas.events import AnswerHeard, AnswerReached, Event, ResponseCancelled, TurnMeasured


class Progress(Enum):
    """How far a response got. It follows the log, so no event is illegal."""

    SPOKEN = auto()
    """It was being spoken; if its edge died, nothing more is known."""
    CUT = auto()
    """Its connection was cut, and its edge noted the heard part."""
    ALL_SENT = auto()
    """The client had all of it."""


@dataclass
class UnfinishedResponse:
    """A response whose connection was cut or whose edge died while it was spoken."""

    turn: int
    caller_words: str
    confidence: float
    since_ms: int
    """The time of its commit, Unix ms."""
    in_conversation: bool = True
    """Whether it becomes part of the conversation; if not, no later connection continues it."""
    reached: int = 0
    """The first sentence that was not completely sent."""
    progress: Progress = Progress.SPOKEN
    sentences: dict[int, str] = field(default_factory=dict)
    steps: ToolSteps = field(default_factory=ToolSteps)
    last_cut: AnswerHeard | None = None
    """The heard part when a connection was cut last; None: none was."""

    @property
    def earlier_connections(self) -> int:
        """The number of connections that recorded a heard part of it."""
        return self.last_cut.earlier_connections + 1 if self.last_cut else 0

    @property
    def noted(self) -> AnswerHeard | None:
        """The heard part, if it was noted at the cut."""
        return self.last_cut if self.progress is Progress.CUT else None

    @property
    def heard(self) -> str:
        """The words that were heard, as far as is known."""
        if self.noted:
            return self.noted.text
        known, all_sent = sorted(self.sentences.items()), self.progress is Progress.ALL_SENT
        return " ".join(text for index, text in known if all_sent or index < self.reached)

    def after(self, event: Event) -> UnfinishedResponse | None:
        """Return the response after *event*, or None if it is over."""
        if getattr(event, "turn", None) != self.turn:
            return self
        match event:
            case AnswerReached(index=index) if index > self.reached:
                self.reached = index
                if self.progress is Progress.CUT:
                    self.progress = Progress.SPOKEN
            case TurnMeasured(interrupted=False):
                self.progress = Progress.ALL_SENT
            case AnswerHeard(resumable=True):
                self.progress, self.last_cut, self.reached = Progress.CUT, event, event.sentence
            case AnswerHeard() | ResponseCancelled():
                return None
            case _:
                pass
        return self
