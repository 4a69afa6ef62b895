"""The session configuration: one struct, nested by concern, recorded with `session.started`.

The operator's settings are its defaults. A client's options change some of it, and an input may
change it during the call. All decisions of the call follow from it and from the call's inputs.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Annotated, Any, Literal, NamedTuple

import msgspec

from schemas.patterns import exact
from schemas.tools import ToolConfig
from schemas.webhook_config import WebhookConfig

Eagerness = Literal["low", "auto", "high"]
Delivery = Literal["whole", "sentences", "chunks", "text"]
"""The pieces in which a client gets a response's audio. `whole`: one piece. `sentences`: a piece
for each sentence, sent when the one before it was played. `chunks`: a stream of small pieces, a
little ahead of the playback. `text`: no audio, for the client shows the words."""


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
"""The options of clients: their names in every protocol, and their paths in the configuration."""


class Waits(msgspec.Struct, frozen=True):
    """The silence, ms, that ends a turn, by the words of the turn."""

    finished_ms: int
    """Ms for finished words that are a question, or the short answer to a question."""
    unclear_ms: int
    """Ms for words that may be finished or not."""
    unfinished_ms: int
    """Ms for words that are not finished."""
    stated_ms: int = 0
    """Ms for finished words that are a statement, which another often follows; 0: as after a
    question."""


class TurnConfig(msgspec.Struct, frozen=True, kw_only=True):
    """When a turn of the caller begins and ends."""

    eagerness: Eagerness = "auto"
    """How early a pause counts as the end of a turn."""
    silence_ms: Annotated[int, msgspec.Meta(ge=0, le=5000)] = 0
    """Silence, ms, that ends a turn whatever its words; 0: the eagerness and the words decide."""
    waits: Waits | None = None
    """Waits in place of those of the eagerness; used by replays."""
    min_speech_ms: Annotated[int, msgspec.Meta(ge=20, le=1000)] = 80
    """Voiced audio that starts an utterance, ms."""
    prefix_ms: Annotated[int, msgspec.Meta(ge=20, le=1000)] = 300
    """Audio before the start that belongs to the utterance, ms."""
    speculate: bool = True
    """Whether the language model is asked at a likely end of turn, before it is certain."""
    ask_eot: bool = True
    """Whether the language model is also asked for the probability of the end of turn, where it
    matters."""
    threshold: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0.5
    """The probability above which a sound is a voice; lower hears soft voices, higher ignores more
    noise."""
    by_client: bool = False
    """Whether only the client ends a turn, and no pause does."""
    respond: bool = True
    """Whether each turn gets a response; else the client asks for each response."""
    idle_ms: Annotated[int, msgspec.Meta(ge=0, le=600_000)] = 0
    """Silence of both sides, ms, after which the model is asked to speak again; 0: never."""


class InterruptionConfig(msgspec.Struct, frozen=True, kw_only=True):
    """The conditions of an interruption."""

    allowed: bool = True
    """Whether the caller may interrupt; else a response is spoken to its end before their turn."""
    min_words: Annotated[int, msgspec.Meta(ge=1, le=20)] = 1
    """Words over a response that interrupt it."""
    voice_ms: Annotated[int, msgspec.Meta(ge=0, le=5000)] = 500
    """Voice over a response, ms, after which the client stops it, before its words are known; the
    response goes on if there are none. 0: only words stop it."""
    false_interruption_ms: Annotated[int, msgspec.Meta(ge=0, le=60_000)] = 2000
    """A held response goes on after this time, ms, without words, and, with `voice_ms`, without
    voice."""


class ResponseConfig(msgspec.Struct, frozen=True, kw_only=True):
    """The language model's part of a response."""

    greeting: str = ""
    """Spoken when the session begins; empty: none."""
    greeting_wait_ms: Annotated[int, msgspec.Meta(ge=0, le=60_000)] = 0
    """The longest wait, ms, of the greeting for the client's first audio or command; 0: no wait."""
    system_prompt: str = ""
    """The system prompt of the language model; empty: none."""
    model: str = ""
    """The language model; empty: the worker's default."""
    max_tokens: Annotated[int, msgspec.Meta(ge=1, le=4096)] = 120
    """The most tokens that the model writes in one step of a turn."""
    temperature: Annotated[float, msgspec.Meta(ge=0, le=2)] = 0.0
    """The randomness of the words; 0: always the likeliest."""
    seed: int = 0
    """The seed of the model's random choices."""
    history_messages: Annotated[int, msgspec.Meta(ge=2, le=200)] = 40
    """Most messages of history in a job for the language model."""
    timeout_ms: Annotated[int, msgspec.Meta(ge=1, le=120_000)] = msgspec.field(
        default=12_000, name="deadline_ms"
    )
    """The time, ms, without a result of a stage after which the response is given up."""


VOICE_NAME = r"^(?:[A-Za-z0-9_][A-Za-z0-9_.+-]{0,127})?$"
"""A voice is a name and never a path, so that a client cannot read files."""


PriceNumber = Annotated[float, msgspec.Meta(ge=0, le=1_000_000)]


class VoiceConfig(msgspec.Struct, frozen=True, kw_only=True):
    """The voice of responses, and the delivery of their audio."""

    name: Annotated[str, msgspec.Meta(pattern=exact(VOICE_NAME))] = ""
    """The name of the voice; empty: the TTS worker's default, for the session's language if it has
    one."""
    speed: Annotated[float, msgspec.Meta(ge=0.5, le=2)] = 1.0
    """Speed of speaking; 1.5 is half as fast again as the voice's own speed."""
    delivery: Delivery = "sentences"
    """The pieces in which the client gets a response's audio; `text`: none."""
    chunk_ms: Annotated[int, msgspec.Meta(ge=1)] = 64
    """Audio in one chunk, ms, if it is delivered in chunks."""


class IdleConfig(msgspec.Struct, frozen=True, kw_only=True):
    """The question to an idle caller, and the end of their call."""

    after_s: Annotated[int, msgspec.Meta(ge=0, le=3600)] = 0
    """The silence of both sides, seconds, after which the caller is asked; after the same time
    again the call ends. 0: never."""
    prompt: Annotated[str, msgspec.Meta(max_length=1000)] = "Are you still there?"
    """The question to the caller; empty: none, and the call ends at once."""
    goodbye: Annotated[str, msgspec.Meta(max_length=1000)] = "Goodbye."
    """The last words of a call that ends because its caller is idle; empty: none."""


class ToolUse(msgspec.Struct, frozen=True, kw_only=True):
    """How a turn with tool calls proceeds."""

    max_steps: Annotated[int, msgspec.Meta(ge=0, le=20)] = 3
    """The most steps of a turn after the first; the last step gets no tools."""
    choice: str = "auto"
    """Whether the first step of a turn must call a tool. "auto": the model decides; "required": at
    least one tool; or the name of the tool to call."""
    wait_ms: Annotated[int, msgspec.Meta(ge=0, le=30_000)] = 1000
    """Silence while a tool runs, ms, after which `wait_words` are spoken, once a turn."""
    wait_words: str = "One moment, please."
    """Words for a caller who waits for a tool; empty: none."""
    wait_sound: bool = False
    """Whether a soft sound is played from then on until the response goes on."""
    failure_words: str = "I am sorry, I could not do that."
    """Words that are spoken if a turn with tool calls would else end in silence."""


class CallLimits(msgspec.Struct, frozen=True, kw_only=True):
    """How long a call may last, within the operator's limits; 0: only those apply."""

    call_s: Annotated[float, msgspec.Meta(ge=0, le=86_400)] = 0.0
    """Seconds after which the call ends."""
    idle_s: Annotated[float, msgspec.Meta(ge=0, le=86_400)] = 0.0
    """Silence of both sides, seconds, after which the call ends."""


class Prices(msgspec.Struct, frozen=True, kw_only=True):
    """The prices of a call, all in one currency."""

    models: dict[str, tuple[PriceNumber, PriceNumber]] = {}
    """The prices of a million prompt tokens and a million completion tokens, by language model;
    models that are not listed cost 0."""
    call_minute: PriceNumber = 0.0
    """The price of a minute of the call."""
    heard_minute: PriceNumber = 0.0
    """The price of a minute of recognised speech."""
    spoken_minute: PriceNumber = 0.0
    """The price of a minute of synthesized speech."""


class SpendLimit(msgspec.Struct, frozen=True, kw_only=True):
    """Limits of what one call may use up, and what happens then. 0: no limit."""

    tokens: Annotated[int, msgspec.Meta(ge=0, le=1_000_000_000)] = 0
    """Tokens of the language model, prompts and completions together."""
    speech_s: Annotated[float, msgspec.Meta(ge=0, le=86_400)] = 0.0
    """Synthesized speech, seconds."""
    price: PriceNumber = 0.0
    """The most that the call may cost, in the currency of the prices."""
    then: Literal["end", "listen"] = "end"
    """The call speaks `words` and ends, or speaks them and goes on without the language model."""
    words: Annotated[str, msgspec.Meta(max_length=1000)] = (
        "I am sorry, this call has used up what it may. Goodbye."
    )
    """Words that are spoken when a limit is reached; empty: none."""


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
    """Whether the audio of both sides is recorded."""
    tools: tuple[ToolConfig, ...] = ()
    """The tools that the language model may call."""
    tool_use: ToolUse = ToolUse()
    limits: CallLimits = CallLimits()
    spend: SpendLimit = SpendLimit()
    prices: Prices = Prices()
    webhook: WebhookConfig = WebhookConfig()

    def but(self, changes: Mapping[str, Any]) -> SessionConfig:
        """Return a copy with *changes*: new values by path, such as `turns.eagerness`.

        Raises:
            msgspec.ValidationError: a value is out of its bounds or of another type.
        """
        wire: dict[str, Any] = msgspec.to_builtins(self)
        for path, value in changes.items():
            _put(wire, path, value)
        return msgspec.convert(wire, SessionConfig)


class Bounds(NamedTuple):
    """The default and the bounds of one value of the configuration."""

    default: Any
    least: float | None
    most: float | None


@functools.cache
def bounds(path: str) -> Bounds:
    """Return the default and the bounds of the value at *path*, such as `turns.silence_ms`.

    They are read once: annotations take 2 ms to read, in which an edge would serve no call.
    """
    kind: Any = SessionConfig
    for name in path.split("."):
        field = next(f for f in msgspec.structs.fields(kind) if f.encode_name == name)
        kind = field.type
    meta = next((m for m in getattr(kind, "__metadata__", ()) if isinstance(m, msgspec.Meta)), None)
    return Bounds(field.default, meta.ge if meta else None, meta.le if meta else None)


def value_at(config: SessionConfig, path: str) -> Any:
    """Return the value of *config* at *path*, such as `turns.silence_ms`."""
    value: Any = config
    for name in path.split("."):
        place = value.__struct_encode_fields__.index(name)
        value = getattr(value, value.__struct_fields__[place])
    return value


def _put(wire: dict[str, Any], path: str, value: Any) -> None:
    *parents, name = path.split(".")
    for parent in parents:
        wire = wire[parent]
    wire[name] = value
