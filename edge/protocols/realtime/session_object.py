"""The session object of `/v1/realtime`: its fields, and their effect on the call."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

import msgspec

from edge.protocols.realtime.tools import MOST_SESSION_TOOLS, FunctionTool, ToolChoice, tool_changes
from runtime.audio.g711 import LINE_HZ
from runtime.audio.wav import Format
from schemas.patterns import exact
from schemas.session_config import Eagerness, bounds

PCM_HZ = 24_000
MOST_INSTRUCTIONS_CHARS = 65_536
LEAST_SILENCE_MS = 20
MOST_RESPONSE_TOKENS = 4096
"""The most tokens of a response that a client may ask for."""
_, LEAST_SPEED, _ = bounds("voice.speed")

EAGERNESS: Mapping[str, Eagerness] = {
    "low": "low",
    "medium": "auto",
    "high": "high",
}

SAMPLES: Mapping[str, Format] = {
    "audio/pcm": Format(rate_hz=PCM_HZ),
    "audio/pcmu": Format(rate_hz=LINE_HZ, width=1, encoding="mulaw"),
    "audio/pcma": Format(rate_hz=LINE_HZ, width=1, encoding="alaw"),
}


class AudioFormat(msgspec.Struct, frozen=True, kw_only=True):
    """The encoding of audio inside base64."""

    type: Literal["audio/pcm", "audio/pcmu", "audio/pcma"] = "audio/pcm"
    rate: int | None = None

    @property
    def rate_hz(self) -> int:
        return PCM_HZ if self.type == "audio/pcm" else LINE_HZ

    @property
    def samples(self) -> Format:
        return SAMPLES[self.type]

    @property
    def as_json(self) -> dict[str, Any]:
        return {"type": self.type, **({"rate": PCM_HZ} if self.type == "audio/pcm" else {})}


class Transcription(msgspec.Struct, frozen=True, kw_only=True):
    """The client's choice about transcripts of the caller."""

    model: Annotated[str, msgspec.Meta(max_length=128)] | None = "aura"
    language: Annotated[str, msgspec.Meta(pattern=exact("^[A-Za-z-]{0,16}$"))] | None = None
    prompt: Annotated[str, msgspec.Meta(max_length=4096)] | None = None


class TurnDetection(msgspec.Struct, frozen=True, kw_only=True):
    """The detection of the end of a turn."""

    type: Literal["server_vad", "semantic_vad"]
    create_response: bool | None = True
    interrupt_response: bool | None = True
    threshold: Annotated[float, msgspec.Meta(ge=0, le=1)] | None = 0.5
    prefix_padding_ms: Annotated[int, msgspec.Meta(ge=0)] | None = 300
    silence_duration_ms: Annotated[int, msgspec.Meta(ge=0)] | None = 500
    idle_timeout_ms: Annotated[int, msgspec.Meta(ge=5000, le=30_000)] | None = None
    eagerness: Literal["low", "medium", "high", "auto"] | None = "auto"

    @property
    def as_json(self) -> dict[str, Any]:
        both = {
            "type": self.type,
            "create_response": self.create_response is not False,
            "interrupt_response": self.interrupt_response is not False,
        }
        if self.type == "semantic_vad":
            return {**both, "eagerness": self.eagerness or "auto"}
        return {
            **both,
            "threshold": self.threshold,
            "prefix_padding_ms": self.prefix_padding_ms,
            "silence_duration_ms": self.silence_duration_ms,
            "idle_timeout_ms": self.idle_timeout_ms,
        }


class AudioInput(msgspec.Struct, frozen=True, kw_only=True):
    """The settings of the caller's audio."""

    format: AudioFormat | None = AudioFormat()
    transcription: Transcription | None = Transcription()
    turn_detection: TurnDetection | None = TurnDetection(type="semantic_vad")


USUAL_VOICE = "default"
"""The voice that a client is told if it asked for none."""


class VoiceId(msgspec.Struct, frozen=True):
    """A voice by its id."""

    id: Annotated[str, msgspec.Meta(max_length=128)]


class AudioOutput(msgspec.Struct, frozen=True, kw_only=True):
    """The settings of Aura's audio."""

    format: AudioFormat | None = AudioFormat()
    voice: Annotated[str, msgspec.Meta(max_length=128)] | VoiceId | None = USUAL_VOICE
    speed: Annotated[float, msgspec.Meta(ge=0.25, le=1.5)] | None = 1.0


class AudioSettings(msgspec.Struct, frozen=True, kw_only=True):
    """The settings of both sides' audio."""

    input: AudioInput = AudioInput()
    output: AudioOutput = AudioOutput()


Tokens = Annotated[int, msgspec.Meta(ge=1, le=MOST_RESPONSE_TOKENS)] | Literal["inf"]


class SessionObject(msgspec.Struct, frozen=True, kw_only=True):
    """All fields that a client may set and that have an effect."""

    type: Literal["realtime", "transcription"] = "realtime"
    model: Annotated[str, msgspec.Meta(max_length=128)] | None = None
    instructions: Annotated[str, msgspec.Meta(max_length=MOST_INSTRUCTIONS_CHARS)] | None = ""
    output_modalities: Annotated[
        tuple[Literal["audio", "text"], ...], msgspec.Meta(min_length=1, max_length=2)
    ] = ("audio",)
    audio: AudioSettings = AudioSettings()
    tools: Annotated[tuple[FunctionTool, ...], msgspec.Meta(max_length=MOST_SESSION_TOOLS)] = ()
    tool_choice: ToolChoice | None = "auto"
    max_output_tokens: Tokens | None = "inf"

    @property
    def input_format(self) -> AudioFormat:
        return self.audio.input.format or AudioFormat()

    @property
    def output_format(self) -> AudioFormat:
        return self.audio.output.format or AudioFormat()

    @property
    def voice(self) -> str:
        """The requested voice; empty: none."""
        voice = self.audio.output.voice
        return "" if voice in {None, USUAL_VOICE} else getattr(voice, "id", None) or str(voice)

    @property
    def modality(self) -> Literal["audio", "text"]:
        return "audio" if "audio" in self.output_modalities else "text"

    @property
    def is_manual(self) -> bool:
        """Whether the client ends the caller's turns."""
        return self.audio.input.turn_detection is None

    @property
    def responds(self) -> bool:
        """Whether turns of the caller get a response without a request."""
        found = self.audio.input.turn_detection
        return found is not None and found.create_response is not False

    def as_json(self, session: str) -> dict[str, Any]:
        """Return the object for the client; fields without effect are null."""
        heard, spoken = self.audio.input, self.audio.output
        transcription = msgspec.to_builtins(heard.transcription)
        found = heard.turn_detection.as_json if heard.turn_detection else None
        audio: dict[str, Any] = {
            "input": {
                "format": self.input_format.as_json,
                "transcription": transcription,
                "noise_reduction": None,
                "turn_detection": found,
            }
        }
        if self.type == "transcription":
            kind = "realtime.transcription_session"
            return {"type": self.type, "object": kind, "id": session, "audio": audio}
        audio["output"] = {
            "format": self.output_format.as_json,
            "voice": msgspec.to_builtins(spoken.voice),
            "speed": spoken.speed,
        }
        return {
            "type": self.type,
            "object": "realtime.session",
            "id": session,
            "model": self.model or "aura",
            "instructions": self.instructions or "",
            "output_modalities": [self.modality],
            "audio": audio,
            "tools": [tool.as_json for tool in self.tools],
            "tool_choice": msgspec.to_builtins(self.tool_choice or "auto"),
            "max_output_tokens": self.max_output_tokens or "inf",
            "truncation": "auto",
            "tracing": None,
            "prompt": None,
            "include": None,
        }

    @property
    def changes(self) -> dict[str, Any]:
        """Return its changes of the operator's session configuration."""
        changes: dict[str, Any] = {
            "voice.delivery": "chunks" if self.modality == "audio" else "text",
            **_turns(self.audio.input.turn_detection),
            **tool_changes(self.tools, self.tool_choice or "auto"),
        }
        if self.type == "transcription":
            changes["turns.respond"] = False
        transcription = self.audio.input.transcription
        if transcription and transcription.language:
            changes["language"] = transcription.language
        if self.instructions:
            changes["response.system_prompt"] = self.instructions
        speed = self.audio.output.speed
        if speed is not None and speed != 1:
            changes["voice.speed"] = max(speed, LEAST_SPEED or speed)
        if isinstance(self.max_output_tokens, int):
            changes["response.max_tokens"] = self.max_output_tokens
        return changes


def _turns(found: TurnDetection | None) -> dict[str, Any]:
    if found is None:
        by_client = {"turns.by_client": True, "turns.respond": False, "turns.speculate": False}
        return {**by_client, "interruption.allowed": False, "turns.min_speech_ms": 20}
    changes: dict[str, Any] = {}  # defaults are left to the agent or the operator
    if found.create_response is False:
        changes["turns.respond"] = False
    if found.interrupt_response is False:
        changes["interruption.allowed"] = False
    if found.type == "semantic_vad":
        if eagerness := EAGERNESS.get(found.eagerness or "auto"):
            changes["turns.eagerness"] = eagerness
        return changes
    changes["turns.silence_ms"] = _within(
        "turns.silence_ms", max(LEAST_SILENCE_MS, found.silence_duration_ms or 0)
    )
    changes["turns.prefix_ms"] = _within("turns.prefix_ms", found.prefix_padding_ms or 0)
    if found.threshold is not None:
        changes["turns.threshold"] = found.threshold
    if found.idle_timeout_ms:
        changes["turns.idle_ms"] = found.idle_timeout_ms
    return changes


def _within(path: str, value: int) -> int:
    """Return *value*, limited to the bounds at *path* of the configuration."""
    _, least, most = bounds(path)
    return int(min(max(value, least or 0), most or value))
