"""A response: it is written and synthesized, interrupted, heard."""

from __future__ import annotations

from typing import Literal, TypedDict

import msgspec

from schemas.events.event import Event, StageName

CancelReason = Literal["retracted", "interrupted", "failed", "hung_up"]


class Speaker(TypedDict):
    """Who speaks, as an event says it: `TurnTaken(**speaker, turn=1, ...)`."""

    language: str
    voice: str
    speed: float


class ResponseSentence(Event, frozen=True, kw_only=True, tag="response.sentence"):
    """LLM -> TTS, edge: a piece of the response that can be spoken by itself."""

    KIND = "say"
    KEY = ("turn", "index")
    turn: int
    index: int
    """Counts the sentences of a response from 0."""
    text: str
    first_token_ms: float
    """From taking the job to the model's first token."""
    took_ms: float
    """From taking the job to this sentence."""
    model: str
    deadline_ms: int
    background: bool = False
    """Nobody is on the line: the sentences of calls go first."""
    recorded: tuple[StageName, ...] = ()
    """Stages that a replay answers from the record: for a worker of these this is no job."""
    text_only: bool = False
    """It is read: for a worker of the voice this is no job."""
    eot_llm: float | None = msgspec.field(default=None, name="caller_ended")
    """0..1: how surely the model would end the caller's sentence with its last word, by the words
    alone; with the first piece of a response. None: it was not asked (`read` of `turn.taken`), or
    does not say."""
    language: str = "en"
    voice: str = ""
    """Empty: the worker's own, for this language if it has one."""
    speed: float = 1.0
    """1.5: half as fast again as the voice's own speed."""
    fixed: bool = False
    """Words of the configuration, which many calls say; a greeting, turn 0, is that anyhow."""

    @property
    def is_fixed(self) -> bool:
        """A TTS worker keeps the audio for a while."""
        return self.fixed or self.turn == 0


class ResponseCompleted(Event, frozen=True, kw_only=True, tag="response.completed"):
    """LLM -> edge: the response is whole, or a step of it that ends with calls of tools."""

    KIND = "say"
    KEY = ("turn",)
    LATER = "step"
    turn: int
    sentences: int
    """Of the response so far, those of earlier steps included."""
    text: str
    """Of this step."""
    model: str
    prompt_tokens: int
    completion_tokens: int
    took_ms: float
    step: int = 0
    calls: int = 0
    """Tools that the step called: where there are some, another step follows their results."""


class ResponseCancelled(Event, frozen=True, kw_only=True, tag="response.cancelled"):
    """Edge -> LLM, TTS: nobody wants this response, speculative or not, or the rest of it."""

    KIND = "say"
    KEY = ("turn",)
    turn: int
    reason: CancelReason


class ModelSwitched(Event, frozen=True, kw_only=True, tag="model.switched"):
    """LLM -> all: another model than the wanted one answers, which gave no first word."""

    KIND = "out"
    KEY = ("turn",)
    LATER = "step"
    turn: int
    step: int = 0
    wanted: str
    model: str
    """The one that answers."""
    reason: str
    """What the others said, for operators: names settings and states, never what was said."""
    took_ms: float
    """From taking the job to the first word of the one that answers."""


class SpeechReady(Event, frozen=True, kw_only=True, tag="speech.ready"):
    """TTS -> edge: the sentence was synthesized; its chunks went to `aura.pcm.<session>.<turn>`."""

    KIND = "out"
    KEY = ("turn", "index")
    turn: int
    index: int
    chunks: int
    audio_ms: int
    first_chunk_ms: float
    """From taking the job to the first chunk."""
    took_ms: float
    model: str
