"""A response: written, synthesized or cancelled."""

from typing import Literal, TypedDict

import msgspec

from schemas.events.event import Event, StageName

CancelReason = Literal["retracted", "interrupted", "failed", "hung_up"]


class Speaker(TypedDict):
    """Voice and language as arguments of an event: `TurnTaken(**speaker, turn=1, ...)`."""

    language: str
    voice: str
    speed: float


class ResponseSentence(Event, frozen=True, kw_only=True, tag="response.sentence"):
    """LLM or edge -> TTS, edge: a sentence of the response, ready to be spoken."""

    KIND = "say"
    KEY = ("turn", "index")
    turn: int
    index: int
    text: str
    """The words to speak."""
    first_token_ms: float
    """Time from taking the job to the model's first token, ms."""
    took_ms: float
    """Time from taking the job to this sentence, ms."""
    model: str
    """The name of the model that wrote it; empty: the words were given."""
    deadline_ms: int
    background: bool = False
    """A background job, with nobody on the line: sentences of calls go first."""
    recorded: tuple[StageName, ...] = ()
    text_only: bool = False
    """The sentence is only read; for a TTS worker it is no job."""
    eot_llm: float | None = msgspec.field(default=None, name="caller_ended")
    """0..1: the model's probability that the caller's sentence ends with its last word, by the
    words alone; told with the first sentence. None: it was not asked (`read` of `turn.taken`), or
    did not tell."""
    language: str = "en"
    voice: str = ""
    speed: float = 1.0
    fixed: bool = False
    """The words come from the configuration and are the same in many calls. So is a greeting, turn
    0."""

    @property
    def is_fixed(self) -> bool:
        """Whether a TTS worker caches the audio."""
        return self.fixed or self.turn == 0


class ResponseCompleted(Event, frozen=True, kw_only=True, tag="response.completed"):
    """LLM or edge -> edge: the response is complete, or a step of it that ends with tool calls."""

    KIND = "say"
    KEY = ("turn",)
    OPTIONAL_KEY = "step"
    turn: int
    sentences: int
    """The number of sentences of the response so far, with those of earlier steps."""
    text: str
    """The words of this step."""
    model: str
    prompt_tokens: int
    """Tokens of the step's prompt, as the model counts them; 0: not counted."""
    completion_tokens: int
    """Tokens that the model wrote in this step; 0: not counted."""
    took_ms: float
    step: int = 0
    calls: int = 0
    """The number of tool calls of the step; if there are any, another step follows their
    results."""


class ResponseCancelled(Event, frozen=True, kw_only=True, tag="response.cancelled"):
    """Edge -> LLM, TTS: this response, or the rest of it, is no longer needed."""

    KIND = "say"
    KEY = ("turn",)
    turn: int
    reason: CancelReason
    """The reason: `retracted`, the caller went on before anything was heard; `interrupted`, the
    caller spoke over it; `failed`, a stage gave up; `hung_up`, the call has ended."""


class ModelSwitched(Event, frozen=True, kw_only=True, tag="model.switched"):
    """LLM -> all: a fallback model answers, since the wanted model gave no first word."""

    KIND = "out"
    KEY = ("turn",)
    OPTIONAL_KEY = "step"
    turn: int
    step: int = 0
    wanted: str
    """The model that was asked first."""
    model: str
    """The model that answers."""
    reason: str
    """The errors of the others, for operators: names settings and states, never words of the
    call."""
    took_ms: float
    """Time from taking the job to the first word of the model that answers, ms."""


class SpeechReady(Event, frozen=True, kw_only=True, tag="speech.ready"):
    """TTS -> edge: the sentence was synthesized; its chunks went to `aura.pcm.<session>.<turn>`."""

    KIND = "out"
    KEY = ("turn", "index")
    turn: int
    index: int
    chunks: int
    """The number of chunks that were sent; 0: the sentence has no sound."""
    audio_ms: int
    """Audio of the sentence, ms."""
    first_chunk_ms: float
    """Time from taking the job to the first chunk, ms."""
    took_ms: float
    model: str
    """The name of the voice's model."""
