"""A response that was not completely heard, for a later connection of the session."""

from __future__ import annotations

from dataclasses import dataclass, field

from edge.core.session.tool_steps import ToolSteps
from schemas.events import AnswerHeard, AnswerReached, Event, ResponseCancelled, TurnMeasured


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
    all_sent: bool = False
    """Whether all of it was sent."""
    sentences: dict[int, str] = field(default_factory=dict)
    steps: ToolSteps = field(default_factory=ToolSteps)
    left_off: AnswerHeard | None = None
    """The heard part when the connection was cut, or None if an edge died without recording it."""

    @property
    def earlier_connections(self) -> int:
        """The number of connections that recorded a heard part of it."""
        return self.left_off.part + 1 if self.left_off else 0

    @property
    def noted(self) -> AnswerHeard | None:
        """The record of the cut, if it is still valid because no later sentence has begun."""
        return self.left_off if self.left_off and self.left_off.sentence == self.reached else None

    @property
    def heard(self) -> str:
        """The words that were heard, as far as is known."""
        if self.noted:
            return self.noted.text
        known = sorted(self.sentences.items())
        return " ".join(text for index, text in known if self.all_sent or index < self.reached)

    def after(self, event: Event) -> UnfinishedResponse | None:
        """Return the response after *event*, or None if it is over."""
        if getattr(event, "turn", None) != self.turn:
            return self
        match event:
            case AnswerReached(index=index):
                self.reached = max(self.reached, index)
            case TurnMeasured(interrupted=False):
                self.all_sent = True
            case AnswerHeard(resumable=True):
                self.left_off, self.reached, self.all_sent = event, event.sentence, False
            case AnswerHeard() | ResponseCancelled():
                return None
            case _:
                pass
        return self
