"""The interfaces to speech and language models: three protocols, and their types.

Their errors are in `workers/engines/errors.py`. All audio has the format of `schemas.audio`: mono,
signed 16-bit little-endian, 16 000 samples/s.
"""

from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from schemas.events import Message
from schemas.tools import ToolFunction
from workers.engines.errors import EngineRefusedError


@dataclass(frozen=True, slots=True)
class Recognition:
    """The result of a recognizer."""

    text: str
    """Without surrounding blanks; empty if there is no speech."""
    confidence: float
    """0..1: the geometric mean of the probabilities of the tokens; 0 for an empty text."""
    audio_ms: int
    took_ms: float
    eot_stt: float | None = None
    """0..1: the probability that a sentence ends with the last word; None: unknown."""


@dataclass(frozen=True, slots=True)
class CallInfo:
    """The call of a prompt, for servers that get this information."""

    session: str
    tenant: str
    turn: int
    agent: str = ""
    """`name@revision`; empty: the operator's settings alone."""
    speculative: bool = False
    """The caller may still go on; then the response is retracted."""
    traceparent: str = ""
    """The W3C trace context of the turn."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """A conversation for a language model to respond to."""

    system: str
    messages: tuple[tuple[str, str], ...]
    """(role, text), oldest first; role is 'user' or 'assistant'."""
    said: str = ""
    """The part of the response that was spoken already: the model continues after it."""
    model: str | None = None
    """Another model than the engine's own, if the engine has several."""
    max_tokens: int = 120
    temperature: float = 0.0
    seed: int | None = None
    tools: tuple[ToolFunction, ...] = ()
    """The tools that the model may call; an engine that cannot call ignores them."""
    tool_choice: str = "auto"
    """"auto": it may call; "required": it must call a tool; or the name of the one to call."""
    exchange: tuple[Message, ...] = ()
    """The conversation with calls and results, if there were any; `messages` has its words."""
    caller: CallInfo | None = None

    @property
    def lines(self) -> tuple[Message, ...]:
        """Return the whole conversation."""
        return self.exchange or tuple(_line(role, text) for role, text in self.messages)


def _line(role: str, text: str) -> Message:
    return Message("assistant" if role == "assistant" else "user", text)


@dataclass(frozen=True, slots=True)
class FunctionCall:
    """A tool call as written by the model."""

    name: str
    arguments: str
    """JSON, unless the model made an error."""


@dataclass(frozen=True, slots=True)
class Usage:
    """The usage of a response; the last item of every stream that was not closed early."""

    prompt_tokens: int
    completion_tokens: int
    model: str


def check_model(name: str, wanted: str | None, *others: str) -> None:
    """Check that *wanted*, if any, is the only model of an engine, called *name* or *others*.

    Raises:
        EngineRefusedError: it is another model.
    """
    if wanted and wanted not in {name, *others}:
        raise EngineRefusedError(
            f"this worker has the model {name} alone, not {wanted}: start one with "
            f"AURA_LLM_MODEL={wanted}, or with a server that has it (AURA_LLM_BASE_URL)"
        )


@dataclass(frozen=True, slots=True)
class Switched:
    """Another model than the requested one responds; comes before its first piece."""

    wanted: str
    model: str
    """The name of the responding model."""
    reason: str
    """The errors of the others, for operators."""


Token = str | FunctionCall | Switched | Usage
"""A piece of the response, or a call; the last item is the Usage."""


class Recognizer(Protocol):
    """Speech to text. Blocking and thread-safe: call it in a thread, not on the event loop."""

    name: str

    def warm(self) -> None:
        """Load the model and run it once, so that the first job does not wait for it."""

    def transcribe(self, pcm: bytes, *, language: str) -> Recognition:
        """Return the words in *pcm* (s16le, mono, 16 kHz); *language* is ISO 639-1 or 'auto'."""


@runtime_checkable
class BatchRecognizer(Recognizer, Protocol):
    """A recognizer that needs less time for several utterances at once than one by one.

    Optional for an engine: the worker looks whether it has the method (ADR 14).
    """

    def transcribe_each(
        self, pcms: Sequence[bytes], *, language: str, hurried: bool = False
    ) -> Iterator[tuple[int, Recognition]]:
        """Yield (index in *pcms*, its words), each as soon as they are known.

        The words are those of `transcribe`. *hurried*: speed matters more than accuracy, since the
        speaker goes on, or speaks over a response.
        """


class TurnModel(Protocol):
    """A turn model: judges by sound whether the speaker of an utterance is done."""

    def warm(self) -> None:
        """Load it and run it once.

        Raises:
            EngineMissingError, WeightsError: it is missing or damaged.
        """

    def eot_audio(self, pcm: bytes) -> float:
        """Return the probability (0..1) of an end in *pcm* (s16le mono 16 kHz, onset to pause)."""


class LanguageModel(Protocol):
    """Conversation to response. Runs on the event loop and never blocks it."""

    name: str
    in_process: bool
    """The model runs in this process, so that only a restart helps if it hangs."""

    async def warm(self) -> None:
        """Load the model or reach the server."""

    def stream(self, request: Prompt) -> AsyncGenerator[Token, None]:
        """Yield the response piece by piece, then its Usage; closing the generator stops the model.

        Raises:
            EngineUnavailableError: a retry may succeed.
            EngineRefusedError: a retry would fail in the same way.
        """


@runtime_checkable
class SentenceReader(LanguageModel, Protocol):
    """A language model with a probability of the end of turn; optional (ADR 18)."""

    async def eot_llm(self, request: Prompt) -> float | None:
        """Return the probability (0..1) that the last message's sentence is over; None: unknown.

        `stream` continues the same prompt, so that a call before it costs little. None is returned
        if others wait for the model, or if there is no word.

        Raises:
            EngineUnavailableError, EngineRefusedError: as `stream`.
        """
        ...


@runtime_checkable
class PromptReader(LanguageModel, Protocol):
    """A language model that can read a prompt ahead; optional (ADR 51)."""

    async def read_ahead(self, request: Prompt) -> None:
        """Read the start of *request*, which later prompts share; cancelled, stop at once.

        The part that was read helps the next `stream`. It is called while the model has no other
        request, and must not displace a running conversation.

        Raises:
            EngineUnavailableError, EngineRefusedError: as `stream`.
        """
        ...


@dataclass(frozen=True, slots=True)
class SpeakerVoice:
    """The voice of a sentence, by its session configuration."""

    voice: str = ""
    """The voice's name; empty: the engine's own, for *language* if it has one."""
    language: str = ""
    """ISO 639-1, with or without a region; empty: not known."""
    speed: float = 1.0
    """A factor of the voice's own speed: 1.5 is faster by half."""


class Synthesizer(Protocol):
    """Text to speech. Blocking and thread-safe: iterate it in a thread."""

    name: str

    def warm(self) -> None:
        """Load the voice and synthesize once, without a use of the audio."""

    def synthesize(self, text: str) -> Iterator[bytes]:
        """Yield *text* as s16le mono 16 kHz pieces, each as soon as it exists."""


@dataclass(frozen=True, slots=True)
class VoiceUsed:
    """A loaded voice of an engine."""

    name: str
    """The name in events and for operators."""
    edition: str = ""
    """Changes when the voice's file is replaced, since the same words would sound different."""


@dataclass(frozen=True, slots=True)
class ChosenVoice:
    """The voice found for a speaker."""

    used: VoiceUsed
    synthesize: Callable[[str], Iterator[bytes]]
    """Yields audio like `Synthesizer.synthesize`, at the speaker's speed."""


@runtime_checkable
class ManyVoices(Synthesizer, Protocol):
    """A synthesizer with several voices; optional. `synthesize` uses its default voice."""

    def choose(self, speaker: SpeakerVoice) -> ChosenVoice:
        """Return the voice of *speaker*.

        Raises:
            EngineRefusedError: there is no voice of that name; the message says what to do.
        """
        ...
