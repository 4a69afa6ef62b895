"""The seams to speech and language models: three protocols, what they exchange, how they fail.

EngineError                    anything an engine says
├── EngineMissingError         refuse: a library is not installed (the message names the extra)
├── WeightsError               refuse: a model file is missing, damaged or has no room on the disk
├── EngineUnavailableError     retry: network, 429, 5xx, timeout
│   └── ServerUnavailableError of a server, in words of ours
└── EngineRefusedError         give up: 400, 401, a wrong model (the message names the setting)
    └── OnlyThoughtError       give up: a thought, and no response

No message holds a key, a prompt or what somebody said. The only audio that crosses these seams is
that of `schemas.audio`: mono, signed 16-bit little-endian, 16 000 samples/s.
"""

from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable

from runtime.version import installing
from schemas.events import Message
from schemas.tools import ToolFunction


class EngineError(Exception):
    """An engine cannot do its work."""


class EngineMissingError(EngineError):
    """The library of an engine is not installed."""

    def __init__(self, library: str, extra: Literal["stt", "llm", "local-llm", "tts"]) -> None:
        """Say which *extra* of aura-voice brings *library*."""
        super().__init__(f"{library} is not installed: {installing(extra)}")


class WeightsError(EngineError):
    """The weights of a model are missing, are not the expected ones, or do not fit on the disk."""


class EngineUnavailableError(EngineError):
    """The engine does not answer now; the same request may succeed later."""


class ServerUnavailableError(EngineUnavailableError):
    """A server does not answer now; the words are ours, and fit for a log."""


class EngineRefusedError(EngineError):
    """The engine will not do this however often it is asked."""


class OnlyThoughtError(EngineRefusedError):
    """A language model spent its tokens on a thought and had none left for a response."""

    def __init__(self) -> None:
        super().__init__(
            "the language model had nothing to say: it only thought; raise AURA_MAX_TOKENS, or "
            "turn its thinking off"
        )


@dataclass(frozen=True, slots=True)
class Recognition:
    """What a recognizer heard."""

    text: str
    """Without surrounding blanks; empty when nobody spoke."""
    confidence: float
    """0..1: the geometric mean of the probabilities of the tokens; 0 for an empty text."""
    audio_ms: int
    took_ms: float
    eot_stt: float | None = None
    """0..1: how surely the engine would end a sentence with the last word; None: it cannot tell."""


@dataclass(frozen=True, slots=True)
class CallInfo:
    """Whose call a prompt is of, for a server that is told so."""

    session: str
    tenant: str
    turn: int
    agent: str = ""
    """As `name@revision`; empty: the operator's settings alone."""
    speculative: bool = False
    """The caller might still go on: what this sets off must be undone if they do."""
    traceparent: str = ""
    """The W3C trace context of the turn."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """The conversation that a language model responds to, and how."""

    system: str
    messages: tuple[tuple[str, str], ...]
    """(role, text), oldest first; role is 'user' or 'assistant'."""
    said: str = ""
    """The beginning of the response that was spoken already: the model continues after it."""
    model: str | None = None
    """Another model than the engine's own, where the engine has several."""
    max_tokens: int = 120
    temperature: float = 0.0
    seed: int | None = None
    tools: tuple[ToolFunction, ...] = ()
    """What the model may call; an engine that cannot call leaves them out."""
    tool_choice: str = "auto"
    """What it must call of them: "auto", nothing; "required", one of them; or the name of one."""
    exchange: tuple[Message, ...] = ()
    """The conversation with calls and their results, where there were some; `messages` are its
    words."""
    caller: CallInfo | None = None

    @property
    def lines(self) -> tuple[Message, ...]:
        """The whole conversation."""
        return self.exchange or tuple(_line(role, text) for role, text in self.messages)


def _line(role: str, text: str) -> Message:
    return Message("assistant" if role == "assistant" else "user", text)


@dataclass(frozen=True, slots=True)
class FunctionCall:
    """A call of a tool, as the model wrote it."""

    name: str
    arguments: str
    """JSON, most likely."""


@dataclass(frozen=True, slots=True)
class Usage:
    """What a response cost; the last item of every stream that was not closed early."""

    prompt_tokens: int
    completion_tokens: int
    model: str


def only(name: str, wanted: str | None, *others: str) -> None:
    """Check that *wanted*, if any, is the one model of an engine, called *name* or *others*.

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
    """Another model than the one that was asked for answers; comes before its first piece."""

    wanted: str
    model: str
    """The name of the one that answers."""
    reason: str
    """What the others said, for operators."""


Token = str | FunctionCall | Switched | Usage
"""A piece of the response as it is written, or a call; the last item is the Usage."""


class Recognizer(Protocol):
    """Speech to text. Blocking and thread-safe: call it in a thread, not on the event loop."""

    name: str

    def warm(self) -> None:
        """Load the model and run it once, so that the first caller does not wait for it."""

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
        """Yield (place in *pcms*, the words in it), each as soon as they are known.

        The words are those that `transcribe` returns. *hurried*: quick words are worth more than
        sure ones, for the speaker goes on, or speaks over a response.
        """


class TurnModel(Protocol):
    """Tells from the sound of an utterance whether its speaker is done."""

    def warm(self) -> None:
        """Load it and run it once.

        Raises:
            EngineMissingError, WeightsError: it cannot be had.
        """

    def eot_audio(self, pcm: bytes) -> float:
        """Return 0..1 for *pcm*: s16le mono 16 kHz, from the onset to a pause."""


class LanguageModel(Protocol):
    """Conversation to response. Lives on the event loop and never blocks it."""

    name: str
    in_process: bool
    """The model runs in this process, so that only a new process helps where it hangs."""

    async def warm(self) -> None:
        """Load the model or reach the server."""

    def stream(self, request: Prompt) -> AsyncGenerator[Token, None]:
        """Yield the response piece by piece, then its Usage; closing the generator stops the model.

        Raises:
            EngineUnavailableError: worth a retry.
            EngineRefusedError: a retry would fail alike.
        """


@runtime_checkable
class SentenceReader(LanguageModel, Protocol):
    """A language model that can tell whether a sentence is over; optional (ADR 18)."""

    async def eot_llm(self, request: Prompt) -> float | None:
        """Return 0..1, the probability that the last message's sentence is over; None: not known.

        The prompt it reads is the one that `stream` continues, so asking first costs little. None
        is returned where others wait for the model, or there is no word.

        Raises:
            EngineUnavailableError, EngineRefusedError: as `stream`.
        """
        ...


@runtime_checkable
class PromptReader(LanguageModel, Protocol):
    """A language model that can read a prompt before it is asked; optional (ADR 51)."""

    async def read_ahead(self, request: Prompt) -> None:
        """Read what prompts begin with that begin as *request*; cancelled, stop at once.

        What was read until then helps the next `stream`. It is called while nothing else is asked
        of the model; no conversation that goes on is to be read again for it.

        Raises:
            EngineUnavailableError, EngineRefusedError: as `stream`.
        """
        ...


@dataclass(frozen=True, slots=True)
class Speaker:
    """Who is to speak a sentence, as its session says it."""

    voice: str = ""
    """By name; empty: the engine's own, for *language* if it has one."""
    language: str = ""
    """ISO 639-1, with or without a region; empty: not known."""
    speed: float = 1.0
    """1.5: half as fast again as the voice's own speed."""


class Synthesizer(Protocol):
    """Text to speech. Blocking and thread-safe: iterate it in a thread."""

    name: str

    def warm(self) -> None:
        """Load the voice and speak once into nothing."""

    def synthesize(self, text: str) -> Iterator[bytes]:
        """Yield *text* as s16le mono 16 kHz pieces, each as soon as it exists."""


@dataclass(frozen=True, slots=True)
class VoiceUsed:
    """A voice of an engine as it is now."""

    name: str
    """In events and for operators."""
    edition: str = ""
    """Another one where the voice's file was replaced: the same words would sound otherwise."""


@dataclass(frozen=True, slots=True)
class ChosenVoice:
    """A voice that was looked up for a speaker."""

    used: VoiceUsed
    synthesize: Callable[[str], Iterator[bytes]]
    """Yields a text as `Synthesizer.synthesize` does, at the speed of the speaker."""


@runtime_checkable
class ManyVoices(Synthesizer, Protocol):
    """A synthesizer with several voices; optional: `synthesize` speaks with its own one."""

    def choose(self, speaker: Speaker) -> ChosenVoice:
        """Return the voice of *speaker*.

        Raises:
            EngineRefusedError: there is no voice of that name; the message says the way out.
        """
        ...
