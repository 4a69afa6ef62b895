"""One answer in the making: asked for on a guess or for certain, spoken, measured."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, auto

from edge.core.endpointing.end_of_turn import is_question
from edge.core.notices import AnswerDone
from edge.core.response.playback import Playback
from schemas.events import ResponseCompleted, ResponseSentence

#   GUESSED --commit--> COMMITTED --all sent--> HANDED_OVER --all played--> (settled)
#      |                    |                       |
#      +----- retract ------+------ interrupt ------+


class Phase(Enum):
    """How real the answer is."""

    GUESSED = auto()
    """The caller may go on: nothing of it may be heard."""
    COMMITTED = auto()
    HANDED_OVER = auto()
    """The client has all of it; the ear not yet."""


@dataclass
class Answer:
    """What is known of it at the edge. Times are Unix ms, steps are ms after the last speech."""

    turn: int
    text: str
    """What the caller said."""
    confidence: float
    playback: Playback
    speech_end_ms: int
    taken_ms: int
    """When the model was asked."""
    phase: Phase = Phase.GUESSED
    guessed: bool = False
    """It was asked for before the silence had lasted long enough."""
    read: bool = False
    """The model was asked how surely the caller's sentence is over."""
    steps: dict[str, float] = field(default_factory=dict)
    sentences: dict[int, str] = field(default_factory=dict)
    waiting_since_ms: int = 0
    """When it last moved: the stages' deadline counts from here."""
    completed: ResponseCompleted | None = None
    first_sent_ms: int | None = None
    caller_ended: float | None = None
    """0..1: how surely the model would end the caller's sentence there; None: it does not say."""
    reached: int = 0
    """The sentence that was noted last as being handed out."""
    gone_on_with: bool = False
    """It began on another edge."""

    def __post_init__(self) -> None:
        self.waiting_since_ms = self.taken_ms

    @property
    def spoken(self) -> str:
        """The sentences so far, in order."""
        return " ".join(self.sentences[index] for index in sorted(self.sentences))

    def heard_to_the_end(self, now_ms: int) -> bool:
        return self.phase is Phase.HANDED_OVER and now_ms >= self.playback.until_ms

    def asks_until(self, by_ms: int) -> bool:
        """It is a question of which all is handed over, and heard to its end by *by_ms*."""
        if self.phase is not Phase.HANDED_OVER or self.playback.until_ms > by_ms:
            return False
        return is_question(self.spoken)

    def step(self, name: str, now_ms: float) -> None:
        """Note the first time something happened."""
        self.steps.setdefault(name, round(now_ms - self.speech_end_ms, 1))

    def sentence(self, event: ResponseSentence, now_ms: int) -> None:
        self.step("first_token_ms", self.taken_ms + event.first_token_ms)
        self.step("first_sentence_ms", now_ms)
        self.sentences[event.index] = event.text
        if event.index == 0:
            self.caller_ended = event.caller_ended
        self.playback.sentence(event.index, event.text)
        self.waiting_since_ms = now_ms

    def complete(self, event: ResponseCompleted, now_ms: int) -> None:
        self.completed = event
        self.playback.completed(event.sentences)
        self.waiting_since_ms = now_ms

    def sent(self, now_ms: int) -> None:
        self.step("first_sent_ms", now_ms)
        if self.first_sent_ms is None:
            self.first_sent_ms = now_ms

    def done(self) -> AnswerDone:
        """Return what the caller is told when the client has it all."""
        told, ended = self.completed, self.first_sent_ms or self.speech_end_ms
        return AnswerDone(
            turn=self.turn,
            text=told.text if told else self.spoken,
            model=told.model if told else "",
            response_s=max(0.0, (ended - self.speech_end_ms) / 1000),
            prompt_tokens=told.prompt_tokens if told else 0,
            completion_tokens=told.completion_tokens if told else 0,
        )
