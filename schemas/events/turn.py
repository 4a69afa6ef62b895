"""A turn: the language model is asked, the end of turn is certain, its times are measured."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from schemas.events.conversation import Message
from schemas.events.event import Event, StageName
from schemas.tools import ToolFunction


class TurnTaken(Event, frozen=True, kw_only=True, tag="turn.taken"):
    """Edge -> LLM: it is Aura's turn. Carries all the model needs; a recorded job runs again."""

    KIND = "turn"
    KEY = ("turn",)
    LATER = "step"
    turn: int
    """Counts up through a session, speculative turns included: a smaller number is stale."""
    utterance: int
    pause: int
    system: str
    messages: tuple[Message, ...]
    """The window of history, ending with what the caller just said."""
    llm_model: str
    max_tokens: int
    temperature: float
    seed: int
    speculative: bool
    """True while the caller might still go on; see turn.committed and response.cancelled."""
    text_only: bool = False
    """The response is read, and nobody speaks it."""
    ask_eot: bool = msgspec.field(default=False, name="read")
    """The model is asked, too, how surely the caller's turn is over: it would change much."""
    deadline_ms: int
    recorded: tuple[StageName, ...] = ()
    """Stages that a replay answers from the record: for a worker of these this is no job."""
    step: int = 0
    """Counts the steps of the turn: each later one follows the results of tools, which end
    `messages`."""
    spoken: int = 0
    """Sentences of the response that were written before this step: its own count on from here."""
    tools: tuple[ToolFunction, ...] = ()
    """What the model may call."""
    tool_choice: str = "auto"
    """What it must call of them: "auto", nothing; "required", one of them; or the name of one."""
    agent: str = ""
    """The session's, as `name@revision`; empty: the operator's settings alone."""
    language: str = "en"
    """In which the model writes; its sentences are cut by that language's rules."""
    voice: str = ""
    """The voice that is to speak the sentences; empty: the TTS worker's own."""
    speed: float = 1.0


class TurnCommitted(Event, frozen=True, kw_only=True, tag="turn.committed"):
    """Edge -> all: the turn is real: its response may be heard and the words enter the history."""

    KIND = "life"
    KEY = ("turn",)
    turn: int
    text: str
    confidence: float
    speculative: bool = msgspec.field(name="guessed")
    """Its response was asked for before the end of the turn was certain."""


class TurnMeasured(Event, frozen=True, kw_only=True, tag="turn.measured"):
    """Edge -> all: the waterfall of a turn, ms after the last speech; absent steps are None."""

    KIND = "out"
    KEY = ("turn",)
    turn: int
    pause_ms: float | None = None
    """The pause was noticed and STT asked."""
    transcript_ms: float | None = None
    """The words were at the edge."""
    taken_ms: float | None = None
    """The language model was asked."""
    committed_ms: float | None = None
    """Endpointing was sure."""
    first_token_ms: float | None = None
    first_sentence_ms: float | None = None
    first_audio_ms: float | None = None
    """The first synthesized audio was at the edge."""
    first_sent_ms: float | None = None
    """The first audio left for the caller: what the caller felt, less the network."""
    stt_ms: float | None = None
    """Recognition alone."""
    speculations: int = msgspec.field(default=0, name="guesses")
    """Turns taken speculatively since the last response that was heard, this one included."""
    retracted: int = 0
    """How many of them were wrong."""
    wasted_sentences: int = 0
    """Sentences that the model wrote for those that were wrong."""
    interrupted: bool = False


STEPS: Mapping[str, str] = {
    "pause_ms": "pause noticed",
    "transcript_ms": "words known",
    "taken_ms": "language model asked",
    "first_token_ms": "first token",
    "first_sentence_ms": "first sentence",
    "committed_ms": "end of turn certain",
    "first_audio_ms": "first audio at the edge",
    "first_sent_ms": "first audio sent",
}
"""The waterfall's steps, by the fields of TurnMeasured, in their usual order; and their names."""
