"""One response: its request, its playback, its interruption, its tools, and its phase.

    SPECULATIVE --commit--> COMMITTED
    COMMITTED, REWOUND --send all--> ALL_SENT
    ALL_SENT --rewind--> REWOUND

It can be retracted or interrupted in every phase; that ends it (`current_response.py`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Literal

from edge.core.endpointing.end_of_turn import is_question
from edge.core.messages.client_events import CallsDone, ResponseDone
from edge.core.response.interruption import Interruption
from edge.core.response.playback import Playback
from edge.core.response.request import CAN_GO_ON, Request
from edge.core.response.sentence import Sentences
from edge.core.session.tool_steps import ToolSteps
from runtime.moves import moved
from schemas.events import ResponseCompleted, ResponseSentence


class ResponsePhase(Enum):
    """The phases of a response on its way to the client."""

    SPECULATIVE = auto()
    """The caller may go on, so nothing of it may be heard."""
    COMMITTED = auto()
    """It is sent as it arrives."""
    ALL_SENT = auto()
    """The client has all of it and still plays it."""
    REWOUND = auto()
    """The client had all of it and dropped the unplayed rest, which is sent again."""


class ResponseMove(Enum):
    """The moves between phases."""

    COMMIT = auto()
    SEND_ALL = auto()
    REWIND = auto()


RESPONSE_MOVES: Mapping[tuple[ResponsePhase, ResponseMove], ResponsePhase] = {
    (ResponsePhase.SPECULATIVE, ResponseMove.COMMIT): ResponsePhase.COMMITTED,
    (ResponsePhase.COMMITTED, ResponseMove.SEND_ALL): ResponsePhase.ALL_SENT,
    (ResponsePhase.ALL_SENT, ResponseMove.REWIND): ResponsePhase.REWOUND,
    (ResponsePhase.REWOUND, ResponseMove.SEND_ALL): ResponsePhase.ALL_SENT,
}


Mark = Literal[
    "pause_ms",
    "transcript_ms",
    "stt_ms",
    "taken_ms",
    "first_token_ms",
    "first_sentence_ms",
    "committed_ms",
    "first_audio_ms",
    "first_sent_ms",
]
"""A time of the turn waterfall: a field of `turn.measured`."""
GONE_ON_MS = 1000
"""The time after the first sound of a response in which speech continues the previous turn."""


@dataclass
class Response:
    """The state of a response. Times are Unix ms."""

    request: Request
    playback: Playback
    """What has arrived of it, and what was sent and heard of that."""
    phase: ResponsePhase = ResponsePhase.SPECULATIVE
    interruption: Interruption = field(default_factory=Interruption)
    steps: ToolSteps = field(default_factory=ToolSteps)
    calls_done: CallsDone | None = None
    """The end of the current step, until the client knows that all its calls are known."""
    was_told_to_wait: bool = False
    """Whether the caller was told to wait for a tool."""
    times_ms: dict[Mark, float] = field(default_factory=dict)
    """The turn waterfall, ms after the last speech."""
    not_before_ms: int = 0
    """The time before which nothing of it is sent."""
    waiting_since_ms: int = field(init=False)
    """The time of its last progress, from which the stages' deadline counts."""
    reached: int = field(init=False)
    """The last sentence that was recorded as being sent."""

    def __post_init__(self) -> None:
        self.waiting_since_ms = self.request.at_ms
        self.reached = self.playback.reached

    # -------------------------------------------------------- what was asked

    @property
    def turn(self) -> int:
        return self.request.turn

    @property
    def can_be_resumed(self) -> bool:
        """Whether a later connection continues it: a certain response of the conversation."""
        certain = bool(self.turn) and self.phase is not ResponsePhase.SPECULATIVE
        return certain and self.request.in_conversation

    def is_gone_on_from(self, at_ms: int) -> bool:
        """Tell whether speech that begins at *at_ms* continues the turn.

        Nobody replies to the first sound of a response, so such a caller had only paused.
        """
        first_ms = self.times_ms.get("first_sent_ms")
        if first_ms is None or self.request.origin not in CAN_GO_ON:
            return False
        return at_ms - self.request.speech_end_ms - first_ms <= GONE_ON_MS

    # -------------------------------------------------------- what has arrived

    @property
    def sentences(self) -> Sentences:
        return self.playback.sentences

    @property
    def text(self) -> str:
        """The sentences so far in order."""
        return self.sentences.text()

    @property
    def waits_for_model(self) -> bool:
        """Whether all sentences so far were sent and the model will write more."""
        waits = self.sentences.completed is None and self.is_caught_up
        return self.steps.step > 0 and waits

    @property
    def is_caught_up(self) -> bool:
        """Whether all sentences so far were sent."""
        return self.playback.reached >= self.sentences.written

    def add_sentence(self, event: ResponseSentence, now_ms: int) -> None:
        self.mark("first_token_ms", self.request.at_ms + event.first_token_ms)
        self.mark("first_sentence_ms", now_ms)
        self.sentences.note(event)
        self.waiting_since_ms = now_ms

    def complete(self, event: ResponseCompleted, now_ms: int) -> None:
        self.sentences.completed = event
        self.waiting_since_ms = now_ms

    def mark(self, name: Mark, now_ms: float) -> None:
        """Record the time of the first *name* in the turn waterfall."""
        self.times_ms.setdefault(name, round(float(now_ms - self.request.speech_end_ms), 1))

    # -------------------------------------------------------- what was sent and heard

    @property
    def is_being_sent(self) -> bool:
        """Whether the client will get more of it."""
        return self.phase in {ResponsePhase.COMMITTED, ResponsePhase.REWOUND}

    def move(self, move: ResponseMove) -> None:
        """Enter the phase after *move*.

        Raises:
            IllegalMoveError: the phase has no such move.
        """
        self.phase = moved(RESPONSE_MOVES, self.phase, move)

    def rewind(self, now_ms: int, played_ms: int | None = None) -> None:
        """Send the unplayed part again; *played_ms* is the played audio, by the client's report."""
        self.playback.rewind(now_ms, played_ms)
        if self.phase is ResponsePhase.ALL_SENT:
            self.move(ResponseMove.REWIND)

    def heard_to_the_end(self, now_ms: int) -> bool:
        return self.phase is ResponsePhase.ALL_SENT and now_ms >= self.playback.until_ms

    def asks_until(self, by_ms: int) -> bool:
        """Tell whether it is a question that is completely sent, and heard by *by_ms*."""
        return self.heard_to_the_end(by_ms) and is_question(self.text)

    def done(self) -> ResponseDone:
        """Return the client event for the end of the response."""
        completed = self.sentences.completed
        return ResponseDone(
            turn=self.turn,
            text=completed.text if completed and not completed.step else self.text,
            model=completed.model if completed else "",
            response_s=max(0.0, self.times_ms.get("first_sent_ms", 0.0) / 1000),
            prompt_tokens=completed.prompt_tokens if completed else 0,
            completion_tokens=completed.completion_tokens if completed else 0,
        )
