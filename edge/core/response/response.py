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
#                                                  |      ^
#                                              rewound  all sent
#                                                  v      |
#                                                  REWOUND
#   It is retracted or interrupted from whatever phase it is in.


class Phase(Enum):
    """How far the response is on its way to the client."""

    SPECULATIVE = auto()
    """The caller may go on: nothing of it may be heard."""
    COMMITTED = auto()
    """It is sent as it comes."""
    ALL_SENT = auto()
    """The client has all of it and still plays."""
    REWOUND = auto()
    """The client had all of it, dropped the rest, and is sent that again."""


NEXT = {
    Phase.SPECULATIVE: {Phase.COMMITTED},
    Phase.COMMITTED: {Phase.ALL_SENT},
    Phase.ALL_SENT: {Phase.REWOUND},
    Phase.REWOUND: {Phase.ALL_SENT},
}


class Origin(Enum):
    """What a response comes from."""

    GREETING = auto()
    """The configuration: turn 0."""
    GIVEN = auto()
    """Words that a command, or the edge itself, has spoken."""
    FIRM = auto()
    """The same, and the caller cannot interrupt it."""
    SPOKEN = auto()
    """A turn that the caller spoke."""
    TYPED = auto()
    """A turn that the caller typed."""
    ASKED = auto()
    """The wish of a client or an operator, or a tool's late result."""
    APART = auto()
    """The same, and it does not become part of the conversation."""
    RESUMED = auto()
    """A response that began on another connection: this is the rest of it."""


FIXED_WORDS = {Origin.GREETING, Origin.GIVEN, Origin.FIRM}
"""Nobody waited for their words."""
UNMEASURED = {Origin.GIVEN, Origin.FIRM, Origin.RESUMED}
"""Their time to the first sound says nothing of the speed of the stages."""


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
    origin: Origin
    phase: Phase = Phase.SPECULATIVE
    eot_llm: float | None = None
    """0..1: its word; None: it does not say."""
    interruption: InterruptionState = InterruptionState.NONE
    suspected_ms: int = 0
    """When an interruption was suspected last, or voice over the response was heard last."""
    steps: dict[str, float] = field(default_factory=dict)
    sentences: dict[int, str] = field(default_factory=dict)
    waiting_since_ms: int = 0
    """When it last moved: the stages' deadline counts from here."""
    completed: ResponseCompleted | None = None
    first_sent_ms: int | None = None
    reached: int = 0
    """The sentence that was noted last as being handed out."""
    part: int = 0
    """Counts the connections that noted what was heard of it, before this one."""
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

    @property
    def speculative(self) -> bool:
        """It was asked for before the end of the turn was certain."""
        return self.taken is not None and self.taken.speculative

    @property
    def asks_eot(self) -> bool:
        """The model was asked, too, how surely the caller's turn is over."""
        return self.taken is not None and self.taken.ask_eot

    @property
    def firm(self) -> bool:
        """The caller cannot interrupt it."""
        return self.origin is Origin.FIRM

    @property
    def kept(self) -> bool:
        """It becomes part of the conversation."""
        return self.origin is not Origin.APART

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
    def is_being_sent(self) -> bool:
        """The client is to get more of it."""
        return self.phase in {Phase.COMMITTED, Phase.REWOUND}

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

    def rewind(self, now_ms: int, played_ms: int | None = None) -> None:
        """Send again what was not played; *played_ms*: the client's word for how much was."""
        self.playback.rewind(now_ms, played_ms)
        if self.phase is Phase.ALL_SENT:
            self.move_on(Phase.REWOUND)

    def move(self, move: Move) -> None:
        """Follow what becomes of an interruption.

        Raises:
            IllegalMoveError: the interruption is over.
        """
        self.interruption = moved(MOVES, self.interruption, move)

    @property
    def is_awaited(self) -> bool:
        """Somebody waits for it: its words were not fixed before."""
        return self.origin not in FIXED_WORDS

    def is_gone_on_from(self, at_ms: int) -> bool:
        """Tell whether a caller who begins to speak at *at_ms* goes on with the turn.

        Nobody replies to the first sound of a response: who speaks so soon had only paused.
        """
        if self.origin not in {Origin.SPOKEN, Origin.ASKED, Origin.APART}:
            return False
        return self.first_sent_ms is not None and at_ms - self.first_sent_ms <= GONE_ON_MS

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
