"""A turn: the language model is asked, the turn is committed, its times are measured."""

from collections.abc import Mapping

import msgspec

from schemas.events.conversation import Message
from schemas.events.event import Event, StageName
from schemas.tools import ToolFunction


class TurnTaken(Event, frozen=True, kw_only=True, tag="turn.taken"):
    """Edge -> LLM: respond to this turn. The event holds all that the model needs."""

    KIND = "turn"
    KEY = ("turn",)
    OPTIONAL_KEY = "step"
    turn: int
    utterance: int
    pause: int
    system: str
    messages: tuple[Message, ...]
    """The latest messages of the history; the last is the caller's turn."""
    llm_model: str
    """The language model; empty: the worker's default."""
    max_tokens: int
    """The most tokens that the model writes in this step."""
    temperature: float
    """0..2: the randomness of the words; 0: always the likeliest."""
    seed: int
    """The seed of the model's random choices."""
    speculative: bool
    """Whether the caller might still go on; see turn.committed and response.cancelled."""
    text_only: bool = False
    """Whether the response is only read, and not spoken."""
    ask_eot: bool = msgspec.field(default=False, name="read")
    """Whether the model is also asked for the probability that the caller's turn is over."""
    deadline_ms: int
    """Unix time, ms, after which the response is no longer needed; a sentence copies it."""
    recorded: tuple[StageName, ...] = ()
    step: int = 0
    """The number of the step in its turn, from 0; a later step follows the results of tools, which
    are the last `messages`."""
    first_index: int = msgspec.field(default=0, name="spoken")
    """The index of the step's first sentence: the number of sentences from earlier steps."""
    tools: tuple[ToolFunction, ...] = ()
    """The tools that the model may call."""
    tool_choice: str = "auto"
    agent: str = ""
    """The session's agent as `name@revision`; empty if it has none."""
    language: str = "en"
    """The language of the response; sentences are split by its rules."""
    voice: str = ""
    speed: float = 1.0


class TurnCommitted(Event, frozen=True, kw_only=True, tag="turn.committed"):
    """Edge -> all: the turn has ended for certain, and its response may be heard."""

    KIND = "life"
    KEY = ("turn",)
    turn: int
    text: str
    """The caller's words in this turn; empty: the turn has none."""
    confidence: float
    """0..1: the recogniser's confidence in the words, as of `transcript.guess`; 1: typed."""
    speculative: bool = msgspec.field(name="guessed")
    """Whether the response was asked for before the end of turn was certain."""
    requested_ms: int = 0
    """The time of the request that the turn follows, Unix ms: `at_ms` of its `request.queued`, if
    it had to wait; 0: the caller spoke, or typed a turn that did not wait."""


class TurnMeasured(Event, frozen=True, kw_only=True, tag="turn.measured"):
    """Edge -> all: the waterfall of a turn, ms after the last speech; None: it did not happen."""

    KIND = "out"
    KEY = ("turn",)
    turn: int
    pause_ms: float | None = None
    """The pause was noticed, and STT asked, ms after the last speech; None: there was no pause."""
    transcript_ms: float | None = None
    """The words arrived at the edge, ms after the last speech; None: there were none."""
    taken_ms: float | None = None
    """The language model was asked, ms after the last speech; None: it was not."""
    committed_ms: float | None = None
    """The turn was committed, ms after the last speech; None: it was not."""
    first_token_ms: float | None = None
    """The language model gave its first token, ms after the last speech; None: it gave none."""
    first_sentence_ms: float | None = None
    """The first sentence arrived at the edge, ms after the last speech; None: none did."""
    first_audio_ms: float | None = None
    """The first audio arrived at the edge, ms after the last speech; None: none did."""
    first_sent_ms: float | None = None
    """The first audio was sent, ms after the last speech: the wait that the caller felt, without
    the network; None: none was."""
    stt_ms: float | None = None
    """Time of the recognition alone, ms; None: nothing was recognised."""
    speculations: int = msgspec.field(default=0, name="guesses")
    """The number of speculative responses since the last response that was heard, with this one."""
    retracted: int = 0
    """How many of them were retracted."""
    wasted_sentences: int = 0
    """The number of sentences in the retracted responses."""
    interrupted: bool = False
    """Whether the caller interrupted the response."""


WATERFALL: Mapping[str, str] = {
    "pause_ms": "pause noticed",
    "transcript_ms": "transcript",
    "taken_ms": "language model asked",
    "first_token_ms": "first token",
    "first_sentence_ms": "first sentence",
    "committed_ms": "end of turn certain",
    "first_audio_ms": "first audio at the edge",
    "first_sent_ms": "first audio sent",
}
"""The times of the waterfall in their usual order: fields of TurnMeasured, and their names."""
