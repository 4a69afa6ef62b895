"""The request for a response: what it responds to, and what that means for it. Pure."""

from dataclasses import dataclass
from enum import Enum, auto

from schemas.events import TurnTaken


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
TURNS = {Origin.SPOKEN, Origin.TYPED}
"""Origins that are a message of the caller, also if nothing was understood."""
CAN_GO_ON = {Origin.SPOKEN, Origin.REQUESTED, Origin.APART}
"""Origins of responses to a caller who may have only paused, and goes on with the turn."""


@dataclass(frozen=True)
class Request:
    """The request for one response."""

    origin: Origin
    speech_end_ms: int
    """The end of the caller's speech, or the time of a request without speech, Unix ms."""
    caller_words: str = ""
    confidence: float = 1.0
    """0..1: the recogniser's confidence in the words."""
    turn: int = 0
    earlier_connections: int = 0
    """The number of earlier connections that recorded a heard part of the response."""
    requested_ms: int = 0
    """The time at which a response that had to wait was asked for, Unix ms; 0: it did not wait."""
    job: TurnTaken | None = None
    """The language model's first job, or None for given words or a response from another edge."""

    @property
    def at_ms(self) -> int:
        """The time of the request, Unix ms."""
        return self.job.at_ms if self.job else self.speech_end_ms

    @property
    def speculative(self) -> bool:
        """Whether the end of turn was not certain yet."""
        return self.job is not None and self.job.speculative

    @property
    def asks_eot(self) -> bool:
        """Whether the model was also asked for the probability of the end of turn."""
        return self.job is not None and self.job.ask_eot

    @property
    def is_awaited(self) -> bool:
        """Whether somebody waits for the response, since its words were not fixed before."""
        return self.origin not in FIXED_WORDS

    @property
    def firm(self) -> bool:
        """Whether the caller cannot interrupt the response."""
        return self.origin is Origin.FIRM

    @property
    def in_conversation(self) -> bool:
        """Whether the response becomes part of the conversation."""
        return self.origin is not Origin.APART
