"""The session configuration: one struct, nested by concern, recorded with `session.started`.

The operator's settings are its defaults, a client's options change some of it, and an input may
change it during the call. Every decision of the call follows from it and from the call's inputs.
"""

from __future__ import annotations

import typing
from collections.abc import Mapping
from typing import Annotated, Any, Literal, NamedTuple

import msgspec

from schemas.tools import ToolConfig

Eagerness = Literal["low", "auto", "high"]
Delivery = Literal["whole", "sentences", "chunks", "text"]
"""In what pieces a client takes a response's audio. `whole`: one a response. `sentences`: one a
sentence, each sent when the one before it was played. `chunks`: a stream of small ones, a little
ahead of what is heard. `text`: none, for the client reads the words."""


ClientOption = Literal[
    "eagerness",
    "language",
    "silence_ms",
    "min_speech_ms",
    "prefix_ms",
    "interrupt_words",
    "interrupt_voice_ms",
    "record",
    "voice",
]
CLIENT_OPTIONS: Mapping[ClientOption, str] = {
    "eagerness": "turns.eagerness",
    "language": "language",
    "silence_ms": "turns.silence_ms",
    "min_speech_ms": "turns.min_speech_ms",
    "prefix_ms": "turns.prefix_ms",
    "interrupt_words": "interruption.min_words",
    "interrupt_voice_ms": "interruption.voice_ms",
    "record": "record_audio",
    "voice": "voice.name",
}
"""The options of a client: their names in every protocol to paths in the configuration."""


class Waits(msgspec.Struct, frozen=True):
    """Silence, ms, that ends a turn whose words sound ..."""

    finished_ms: int
    """... finished, and are a question to Aura, or the short answer to one."""
    unclear_ms: int
    unfinished_ms: int
    stated_ms: int = 0
    """... finished, and are a statement, after which another often follows; 0: as a question."""


class TurnConfig(msgspec.Struct, frozen=True, kw_only=True):
    """When a turn of the caller begins and ends."""

    eagerness: Eagerness = "auto"
    """How soon a pause is taken for the end of a turn."""
    silence_ms: Annotated[int, msgspec.Meta(ge=0, le=5000)] = 0
    """Silence that ends a turn whatever its words; 0: by the eagerness and the words."""
    waits: Waits | None = None
    """Other waits than those of the eagerness; a replay tries some."""
    min_speech_ms: Annotated[int, msgspec.Meta(ge=20, le=1000)] = 80
    """Voiced audio that makes a start of speech."""
    prefix_ms: Annotated[int, msgspec.Meta(ge=20, le=1000)] = 300
    """Audio before the start that belongs to the utterance."""
    speculate: bool = True
    """The language model is asked on a likely end of turn, before it is certain."""
    ask_eot: bool = True
    """The language model is asked, too, how surely the turn is over where that matters."""
    threshold: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0.5
    """How surely a sound must be a voice; lower hears soft voices, higher ignores more noise."""
    by_client: bool = False
    """The client alone ends a turn, and no pause does."""
    respond: bool = True
    """A turn is responded to; else the client asks for each response."""
    idle_ms: Annotated[int, msgspec.Meta(ge=0, le=600_000)] = 0
    """Silence of both sides after which Aura speaks again; 0: it waits for ever."""


class InterruptionConfig(msgspec.Struct, frozen=True, kw_only=True):
    """What stops a response that is being heard."""

    allowed: bool = True
    """The caller may interrupt; else a response is spoken to its end, and their turn follows it."""
    min_words: Annotated[int, msgspec.Meta(ge=1, le=20)] = 1
    """Words over a response that interrupt it."""
    voice_ms: Annotated[int, msgspec.Meta(ge=0, le=5000)] = 500
    """Voice over a response after which the client stops it, before the words are known; it goes on
    if they turn out to be nothing. 0: words alone stop it."""
    false_interruption_ms: Annotated[int, msgspec.Meta(ge=0, le=60_000)] = 2000
    """A held response goes on after this time without words (and without voice, if `voice_ms`)."""


class ResponseConfig(msgspec.Struct, frozen=True, kw_only=True):
    """The language model's part of a response."""

    greeting: str = ""
    """Spoken when the session begins; empty: nothing."""
    greeting_wait_ms: Annotated[int, msgspec.Meta(ge=0, le=60_000)] = 0
    """The greeting waits so long at most for the client's first audio or command; 0: not at all."""
    system_prompt: str = ""
    model: str = ""
    """Of the language model; empty: the worker's own."""
    max_tokens: Annotated[int, msgspec.Meta(ge=1, le=4096)] = 120
    temperature: Annotated[float, msgspec.Meta(ge=0, le=2)] = 0.0
    seed: int = 0
    history_messages: Annotated[int, msgspec.Meta(ge=2, le=200)] = 40
    """Most messages of history in a job for the language model."""
    deadline_ms: Annotated[int, msgspec.Meta(ge=1, le=120_000)] = 12_000
    """The silence of a stage after which its response is given up."""


VOICE_NAME = r"^(?:[A-Za-z0-9_][A-Za-z0-9_.+-]{0,127})?$"
"""A name and never a path: whoever may name a voice need not be trusted with files."""


PriceNumber = Annotated[float, msgspec.Meta(ge=0, le=1_000_000)]


class VoiceConfig(msgspec.Struct, frozen=True, kw_only=True):
    """Who speaks a response, and how it reaches the client's loudspeaker."""

    name: Annotated[str, msgspec.Meta(pattern=VOICE_NAME)] = ""
    """The voice; empty: the TTS worker's own, for the session's language if it has one."""
    speed: Annotated[float, msgspec.Meta(ge=0.5, le=2)] = 1.0
    """Of speaking; 1.5: half as fast again as the voice's own speed."""
    delivery: Delivery = "sentences"
    chunk_ms: Annotated[int, msgspec.Meta(ge=1)] = 64
    """Audio in one chunk, where it is delivered in chunks."""


class IdleConfig(msgspec.Struct, frozen=True, kw_only=True):
    """The question to a caller who says nothing, and the end of their call."""

    after_s: Annotated[int, msgspec.Meta(ge=0, le=3600)] = 0
    """The silence of both sides after which the caller is asked, and after as much again the call
    ends; 0: never."""
    prompt: Annotated[str, msgspec.Meta(max_length=1000)] = "Are you still there?"
    """What the caller is asked; empty: nothing, and the call ends at once."""
    goodbye: Annotated[str, msgspec.Meta(max_length=1000)] = "Goodbye."
    """The last words of a call that ends so; empty: none."""


class ToolUse(msgspec.Struct, frozen=True, kw_only=True):
    """How a turn with calls of tools goes."""

    max_steps: Annotated[int, msgspec.Meta(ge=0, le=20)] = 3
    """Steps after the first one that a turn may have; in the last one no tools are offered."""
    choice: str = "auto"
    """What the first step of a turn calls: "auto", what the model likes; "required", one of the
    tools at least; or the name of a tool."""
    wait_ms: Annotated[int, msgspec.Meta(ge=0, le=30_000)] = 1000
    """Silence while a tool is waited for, after which `wait_words` are spoken, once a turn."""
    wait_words: str = "One moment, please."
    """Empty: nothing is spoken."""
    failure_words: str = "I am sorry, I could not do that."
    """Spoken where a turn with calls would end without a word."""


class CallLimits(msgspec.Struct, frozen=True, kw_only=True):
    """How long a call may last; never longer than the operator's limits. 0: those alone."""

    call_s: Annotated[float, msgspec.Meta(ge=0, le=86_400)] = 0.0
    """Seconds after which the call ends."""
    idle_s: Annotated[float, msgspec.Meta(ge=0, le=86_400)] = 0.0
    """Seconds without a word of either side after which it ends."""


class Prices(msgspec.Struct, frozen=True, kw_only=True):
    """What a call costs, all in one currency."""

    models: dict[str, tuple[PriceNumber, PriceNumber]] = {}
    """Of a million tokens of the prompt and of the answer, by language model; others cost 0."""
    call_minute: PriceNumber = 0.0
    """Of a minute of the call."""
    heard_minute: PriceNumber = 0.0
    """Of a minute of the caller's speech, which is recognised."""
    spoken_minute: PriceNumber = 0.0
    """Of a minute of speech, which is synthesized."""


class SpendLimit(msgspec.Struct, frozen=True, kw_only=True):
    """What one call may use up, and what becomes of it then. 0: no limit."""

    tokens: Annotated[int, msgspec.Meta(ge=0, le=1_000_000_000)] = 0
    """Tokens of the language model, prompts and answers together."""
    speech_s: Annotated[float, msgspec.Meta(ge=0, le=86_400)] = 0.0
    """Seconds of synthesized speech."""
    price: PriceNumber = 0.0
    """In the currency of the prices."""
    then: Literal["end", "listen"] = "end"
    """The call says `words` and ends, or says them and goes on without the language model."""
    words: Annotated[str, msgspec.Meta(max_length=1000)] = (
        "I am sorry, this call has used up what it may. Goodbye."
    )
    """Empty: nothing is said."""


WebhookMoment = Literal[
    "call.started", "call.resumed", "call.turn", "call.transferred", "call.ended"
]
"""What an application is told of: a call began, its caller came back, a turn is over, another agent
goes on, a connection of the call is over."""
WEBHOOK_MOMENTS: tuple[WebhookMoment, ...] = typing.get_args(WebhookMoment)


class WebhookConfig(msgspec.Struct, frozen=True, kw_only=True):
    """Which address is told of a call, and of what."""

    url: Annotated[str, msgspec.Meta(max_length=2000)] = ""
    """An http or https address, where signed messages are posted; empty: nowhere."""
    events: tuple[WebhookMoment, ...] = WEBHOOK_MOMENTS
    words: bool = True
    """Turns say what was said, and the start says its variables; else numbers and names alone."""


class SessionConfig(msgspec.Struct, frozen=True, kw_only=True):
    """The whole configuration of one session."""

    language: str = "en"
    """The spoken language: a Whisper code, or `auto`."""
    turns: TurnConfig = TurnConfig()
    interruption: InterruptionConfig = InterruptionConfig()
    response: ResponseConfig = ResponseConfig()
    voice: VoiceConfig = VoiceConfig()
    idle: IdleConfig = IdleConfig()
    record_audio: bool = False
    """The audio of both sides is kept."""
    tools: tuple[ToolConfig, ...] = ()
    """What the language model may call."""
    tool_use: ToolUse = ToolUse()
    limits: CallLimits = CallLimits()
    spend: SpendLimit = SpendLimit()
    prices: Prices = Prices()
    webhook: WebhookConfig = WebhookConfig()

    def but(self, changes: Mapping[str, Any]) -> SessionConfig:
        """Return it with *changes*: paths such as `turns.eagerness` to their new values.

        Raises:
            msgspec.ValidationError: a value is out of its bounds or of another type.
        """
        wire: dict[str, Any] = msgspec.to_builtins(self)
        for path, value in changes.items():
            _put(wire, path, value)
        return msgspec.convert(wire, SessionConfig)


class Bounds(NamedTuple):
    """What one value of the configuration may be."""

    default: Any
    least: float | None
    most: float | None


def bounds(path: str) -> Bounds:
    """Return the default and the bounds of the value at *path*, such as `turns.silence_ms`."""
    kind: Any = SessionConfig
    *parents, name = path.split(".")
    for parent in parents:
        kind = typing.get_type_hints(kind)[parent]
    hint = typing.get_type_hints(kind, include_extras=True)[name]
    meta = next((m for m in getattr(hint, "__metadata__", ()) if isinstance(m, msgspec.Meta)), None)
    default = next(f.default for f in msgspec.structs.fields(kind) if f.name == name)
    return Bounds(default, meta.ge if meta else None, meta.le if meta else None)


def value_at(config: SessionConfig, path: str) -> Any:
    """Return the value of *config* at *path*, such as `turns.silence_ms`."""
    value: Any = config
    for name in path.split("."):
        value = getattr(value, name)
    return value


def _put(wire: dict[str, Any], path: str, value: Any) -> None:
    *parents, name = path.split(".")
    for parent in parents:
        wire = wire[parent]
    wire[name] = value
