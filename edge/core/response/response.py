"""One response: asked for speculatively or for certain, spoken, held, measured."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, auto

from edge.core.client_events import ResponseDone
from edge.core.endpointing.end_of_turn import is_question
from edge.core.moves import IllegalMoveError, moved
from edge.core.response.interruption import MOVES, InterruptionState, Move
from edge.core.response.playback import Playback
from edge.core.session.tool_steps import ToolSteps
from schemas.events import ResponseCompleted, ResponseSentence, TurnTaken

#   SPECULATIVE --commit--> COMMITTED --all sent--> ALL_SENT --all played--> (settled)
#                               ^------ rewound ------+
#        |                      |                       |
#        +------- retract ------+------ interrupt ------+


class Phase(Enum):
    """How certain the response is."""

    SPECULATIVE = auto()
    """The caller may go on: nothing of it may be heard."""
    COMMITTED = auto()
    ALL_SENT = auto()
    """The client has all of it and still plays."""


NEXT = {
    Phase.SPECULATIVE: {Phase.COMMITTED},
    Phase.COMMITTED: {Phase.ALL_SENT},
    Phase.ALL_SENT: {Phase.COMMITTED},
}


GONE_ON_MS = 1000
"""Speech within this time after the first sound of a response goes on with the turn before it."""


@dataclass
class Response:
    """What is known of it at the edge. Times are Unix ms, steps are ms after the last speech."""

    turn: int
    text: str
    """What the caller said."""
    confidence: float
    playback: Playback
    speech_end_ms: int
    taken_ms: int
    """When the model was asked."""
    phase: Phase = Phase.SPECULATIVE
    speculative: bool = False
    """It was asked for before the end of the turn was certain."""
    ask_eot: bool = False
    """The model was asked, too, how surely the caller's turn is over."""
    eot_llm: float | None = None
    """0..1: its word; None: it does not say."""
    interruption: InterruptionState = InterruptionState.NONE
    suspected_ms: int = 0
    """When an interruption was suspected last, or voice over the response was heard last."""
    told_done: bool = False
    """The client was told that it has all of it, or the turn was measured otherwise."""
    steps: dict[str, float] = field(default_factory=dict)
    sentences: dict[int, str] = field(default_factory=dict)
    waiting_since_ms: int = 0
    """When it last moved: the stages' deadline counts from here."""
    completed: ResponseCompleted | None = None
    first_sent_ms: int | None = None
    reached: int = 0
    """The sentence that was noted last as being handed out."""
    new_words: str = ""
    """The words of `text` that the client was not told before."""
    goes_on: bool = False
    """The client was told the words before `new_words` already: this turn joins an earlier one."""
    typed: bool = False
    """The turn was typed."""
    spoken_on: bool = False
    """It began on another connection."""
    part: int = 0
    """Counts the connections that noted what was heard of it, before this one."""
    given: bool = False
    """Its words were given, and nobody waited for them."""
    firm: bool = False
    """The caller cannot interrupt it."""
    kept: bool = True
    """It becomes part of the conversation."""
    tool_steps: ToolSteps = field(default_factory=ToolSteps)
    taken: TurnTaken | None = None
    """The job of its first step; None: it is a greeting, or began on another edge."""
    asked_step: ResponseCompleted | None = None
    """The end of the present step, whose calls the client has not been told to be all."""
    said_wait: bool = False
    """The caller was told to wait for a tool."""
    not_before_ms: int = 0
    """Nothing of it is sent before; Unix ms."""
    greeting: str = ""
    """Of the agent to whom the caller is handed over: it ends the response."""
    ends_call: bool = False
    """The call ends with it."""

    def __post_init__(self) -> None:
        self.waiting_since_ms = self.taken_ms

    def client_is_there(self) -> None:
        """Let it go, if it is a greeting that waits for a sign of the client."""
        self.not_before_ms = 0

    @property
    def spoken(self) -> str:
        """The sentences so far, in order."""
        return " ".join(self.sentences[index] for index in sorted(self.sentences))

    @property
    def written(self) -> int:
        """Sentences so far, those that have not come included: the next one has this index."""
        return max(self.sentences, default=-1) + 1

    @property
    def waits_for_model(self) -> bool:
        """All that was written after the results of tools was sent, and more is to come."""
        waits = self.completed is None and self.playback.all_of(self.written)
        return self.tool_steps.step > 0 and waits

    @property
    def held(self) -> bool:
        """An interruption is suspected: nothing more of it is sent."""
        return self.interruption in {InterruptionState.SUSPECTED, InterruptionState.STOPPED}

    @property
    def stopped(self) -> bool:
        """The client was told to stop it."""
        return self.interruption is InterruptionState.STOPPED

    def move_on(self, phase: Phase) -> None:
        """Enter the next *phase*.

        Raises:
            IllegalMoveError: it is not the next one.
        """
        if phase not in NEXT[self.phase]:
            raise IllegalMoveError(f"{phase.name} after {self.phase.name}")
        self.phase = phase

    def move(self, move: Move) -> None:
        """Follow what becomes of an interruption.

        Raises:
            IllegalMoveError: the interruption is over.
        """
        self.interruption = moved(MOVES, self.interruption, move)

    @property
    def is_awaited(self) -> bool:
        """The caller said something, and this is the response to it."""
        return bool(self.turn) and not self.given

    def is_gone_on_from(self, at_ms: int) -> bool:
        """Tell whether a caller who begins to speak at *at_ms* goes on with the turn.

        Nobody replies to the first sound of a response: who speaks so soon had only paused.
        """
        if self.spoken_on or self.typed or self.first_sent_ms is None or not self.is_awaited:
            return False
        return at_ms - self.first_sent_ms <= GONE_ON_MS

    def heard_to_the_end(self, now_ms: int) -> bool:
        return self.phase is Phase.ALL_SENT and now_ms >= self.playback.until_ms

    def asks_until(self, by_ms: int) -> bool:
        """Tell whether it is a question that is handed over whole and heard by *by_ms*."""
        if self.phase is not Phase.ALL_SENT or self.playback.until_ms > by_ms:
            return False
        return is_question(self.spoken)

    def step(self, name: str, now_ms: float) -> None:
        """Note the first time that something happened."""
        self.steps.setdefault(name, round(float(now_ms - self.speech_end_ms), 1))

    def sentence(self, event: ResponseSentence, now_ms: int) -> None:
        self.step("first_token_ms", self.taken_ms + event.first_token_ms)
        self.step("first_sentence_ms", now_ms)
        self.sentences[event.index] = event.text
        if event.index == 0:
            self.eot_llm = event.eot_llm
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

    def done(self) -> ResponseDone:
        """Return what the client is told when it has all of the response."""
        told, ended = self.completed, self.first_sent_ms or self.speech_end_ms
        return ResponseDone(
            turn=self.turn,
            text=told.text if told and not told.step else self.spoken,
            model=told.model if told else "",
            response_s=max(0.0, (ended - self.speech_end_ms) / 1000),
            prompt_tokens=told.prompt_tokens if told else 0,
            completion_tokens=told.completion_tokens if told else 0,
        )
