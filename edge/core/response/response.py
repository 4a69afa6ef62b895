"""One response: its phase, its interruption, its playback and its measurements.

    SPECULATIVE --commit--> COMMITTED
    COMMITTED, REWOUND --send all--> ALL_SENT
    ALL_SENT --rewind--> REWOUND

It can be retracted or interrupted in every phase; that ends it (`current_response.py`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, auto

from edge.core.client_events import ResponseDone
from edge.core.endpointing.end_of_turn import is_question
from edge.core.response.interruption import INTERRUPTION_MOVES, InterruptionMove, InterruptionState
from edge.core.response.playback import Playback
from edge.core.session.tool_steps import ToolSteps
from runtime.moves import moved
from schemas.events import ResponseCompleted, ResponseSentence, TurnTaken
from schemas.tools import END_CALL


class Phase(Enum):
    """The phases of a response on its way to the client."""

    SPECULATIVE = auto()
    """The caller may go on, so nothing of it may be heard."""
    COMMITTED = auto()
    """It is sent as it arrives."""
    ALL_SENT = auto()
    """The client has all of it and still plays it."""
    REWOUND = auto()
    """The client had all of it and dropped the unplayed rest, which is sent again."""


class PhaseMove(Enum):
    """The moves between phases."""

    COMMIT = auto()
    SEND_ALL = auto()
    REWIND = auto()


PHASE_MOVES: Mapping[tuple[Phase, PhaseMove], Phase] = {
    (Phase.SPECULATIVE, PhaseMove.COMMIT): Phase.COMMITTED,
    (Phase.COMMITTED, PhaseMove.SEND_ALL): Phase.ALL_SENT,
    (Phase.ALL_SENT, PhaseMove.REWIND): Phase.REWOUND,
    (Phase.REWOUND, PhaseMove.SEND_ALL): Phase.ALL_SENT,
}


class Origin(Enum):
    """The origin of a response."""

    GREETING = auto()
    """The greeting in the configuration, turn 0."""
    GIVEN = auto()
    """Words given by a command or by the edge itself."""
    FIRM = auto()
    """The same, but the caller cannot interrupt it."""
    SPOKEN = auto()
    """A spoken turn of the caller."""
    TYPED = auto()
    """A typed turn of the caller."""
    REQUESTED = auto()
    """A request of a client or an operator, or a late result of a tool."""
    APART = auto()
    """The same, but it does not become part of the conversation."""
    RESUMED = auto()
    """The rest of a response that began on another connection."""


FIXED_WORDS = {Origin.GREETING, Origin.GIVEN, Origin.FIRM}
"""Origins of responses that nobody waited for: their words were known before."""
UNMEASURED = {Origin.GIVEN, Origin.FIRM, Origin.RESUMED}
"""Origins of responses that are not measured: their first sound does not show the stages' speed."""


GONE_ON_MS = 1000
"""The time after the first sound of a response in which speech continues the previous turn."""


@dataclass
class Response:
    """The state of a response. Times are Unix ms."""

    turn: int
    text: str
    """The caller's words."""
    confidence: float
    playback: Playback
    speech_end_ms: int
    taken_ms: int
    """The time of the request to the model."""
    origin: Origin
    phase: Phase = Phase.SPECULATIVE
    eot_llm: float | None = None
    """0..1: the model's probability of the end of turn, or None without one."""
    interruption: InterruptionState = InterruptionState.NONE
    suspected_ms: int = 0
    """The time of the last suspicion of an interruption, or of the last voice over the response."""
    times_ms: dict[str, float] = field(default_factory=dict)
    """The turn waterfall: fields of `turn.measured`, ms after the last speech."""
    sentences: dict[int, str] = field(default_factory=dict)
    waiting_since_ms: int = 0
    """The time of its last progress, from which the stages' deadline counts."""
    completed: ResponseCompleted | None = None
    first_sent_ms: int | None = None
    reached: int = 0
    """The last sentence that was recorded as being sent."""
    earlier_connections: int = 0
    """The number of earlier connections that recorded a heard part of it."""
    tool_steps: ToolSteps = field(default_factory=ToolSteps)
    taken: TurnTaken | None = None
    """The job of its first step, or None for a greeting or a response from another edge."""
    unreported_step: ResponseCompleted | None = None
    """The end of the current step, until the client knows that all its calls are known."""
    was_told_to_wait: bool = False
    """Whether the caller was told to wait for a tool."""
    not_before_ms: int = 0
    """The time before which nothing of it is sent, Unix ms."""
    greeting: str = ""
    """The greeting of the agent that takes over, spoken at the end of the response."""

    def __post_init__(self) -> None:
        self.waiting_since_ms = self.taken_ms

    @property
    def speculative(self) -> bool:
        """Whether it was requested before the end of turn was certain."""
        return self.taken is not None and self.taken.speculative

    @property
    def asks_eot(self) -> bool:
        """Whether the model was also asked for the probability of the end of turn."""
        return self.taken is not None and self.taken.ask_eot

    @property
    def firm(self) -> bool:
        """Whether the caller cannot interrupt it."""
        return self.origin is Origin.FIRM

    @property
    def ends_call(self) -> bool:
        """Whether the call ends with it, since the model has called for that."""
        return self.tool_steps.has_called(END_CALL.name)

    @property
    def in_conversation(self) -> bool:
        """Whether it becomes part of the conversation."""
        return self.origin is not Origin.APART

    @property
    def spoken(self) -> str:
        """The sentences so far in order."""
        return " ".join(self.sentences[index] for index in sorted(self.sentences))

    @property
    def written(self) -> int:
        """The number of sentences with missing ones, which is the index of the next sentence."""
        return max(self.sentences, default=-1) + 1

    @property
    def waits_for_model(self) -> bool:
        """Whether all sentences so far were sent and the model will write more."""
        waits = self.completed is None and self.playback.all_of(self.written)
        return self.tool_steps.step > 0 and waits

    @property
    def is_being_sent(self) -> bool:
        """Whether the client will get more of it."""
        return self.phase in {Phase.COMMITTED, Phase.REWOUND}

    @property
    def held(self) -> bool:
        """Whether an interruption is suspected, so that nothing more of it is sent."""
        return self.interruption in {InterruptionState.SUSPECTED, InterruptionState.STOPPED}

    @property
    def stopped(self) -> bool:
        """Whether the client was told to stop it."""
        return self.interruption is InterruptionState.STOPPED

    def move(self, move: PhaseMove) -> None:
        """Enter the phase after *move*.

        Raises:
            IllegalMoveError: the phase has no such move.
        """
        self.phase = moved(PHASE_MOVES, self.phase, move)

    def rewind(self, now_ms: int, played_ms: int | None = None) -> None:
        """Send the unplayed part again; *played_ms* is the played audio, by the client's report."""
        self.playback.rewind(now_ms, played_ms)
        if self.phase is Phase.ALL_SENT:
            self.move(PhaseMove.REWIND)

    def move_interruption(self, move: InterruptionMove) -> None:
        """Move the state of its interruption.

        Raises:
            IllegalMoveError: the interruption is over.
        """
        self.interruption = moved(INTERRUPTION_MOVES, self.interruption, move)

    @property
    def is_awaited(self) -> bool:
        """Whether somebody waits for it, since its words were not fixed before."""
        return self.origin not in FIXED_WORDS

    def is_gone_on_from(self, at_ms: int) -> bool:
        """Tell whether speech that begins at *at_ms* continues the turn.

        Nobody replies to the first sound of a response, so such a caller had only paused.
        """
        if self.origin not in {Origin.SPOKEN, Origin.REQUESTED, Origin.APART}:
            return False
        return self.first_sent_ms is not None and at_ms - self.first_sent_ms <= GONE_ON_MS

    def due_at_ms(self, now_ms: int) -> int | None:
        """Return the time of its next piece, Unix ms, or None if there is none so far."""
        return None if self.phase is Phase.ALL_SENT else self.playback.due_at_ms(now_ms)

    def heard_to_the_end(self, now_ms: int) -> bool:
        return self.phase is Phase.ALL_SENT and now_ms >= self.playback.until_ms

    def asks_until(self, by_ms: int) -> bool:
        """Tell whether it is a question that is completely sent, and heard by *by_ms*."""
        if self.phase is not Phase.ALL_SENT or self.playback.until_ms > by_ms:
            return False
        return is_question(self.spoken)

    def mark(self, name: str, now_ms: float) -> None:
        """Record the time of the first *name* in the turn waterfall."""
        self.times_ms.setdefault(name, round(float(now_ms - self.speech_end_ms), 1))

    def add_sentence(self, event: ResponseSentence, now_ms: int) -> None:
        self.mark("first_token_ms", self.taken_ms + event.first_token_ms)
        self.mark("first_sentence_ms", now_ms)
        self.sentences[event.index] = event.text
        if event.index == 0:
            self.eot_llm = event.eot_llm
        self.playback.add_sentence(event.index, event.text)
        self.waiting_since_ms = now_ms

    def complete(self, event: ResponseCompleted, now_ms: int) -> None:
        self.completed = event
        self.playback.note_end(event.sentences)
        self.waiting_since_ms = now_ms

    def note_sent(self, now_ms: int) -> None:
        self.mark("first_sent_ms", now_ms)
        if self.first_sent_ms is None:
            self.first_sent_ms = now_ms

    def done(self) -> ResponseDone:
        """Return the client event for the end of the response."""
        completed, ended = self.completed, self.first_sent_ms or self.speech_end_ms
        return ResponseDone(
            turn=self.turn,
            text=completed.text if completed and not completed.step else self.spoken,
            model=completed.model if completed else "",
            response_s=max(0.0, (ended - self.speech_end_ms) / 1000),
            prompt_tokens=completed.prompt_tokens if completed else 0,
            completion_tokens=completed.completion_tokens if completed else 0,
        )
