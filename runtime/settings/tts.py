"""The voice."""

from typing import Any, Literal

from pydantic import BaseModel, Field, SecretStr

from runtime.settings.fields import session_value


class TtsSettings(BaseModel):
    """The voice."""

    tts_engine: str = Field(
        "auto",
        description="Voice engine: `piper`, `openai`, `simulated`, your own as `module:Class`, "
        "or a name of the entry points `aura.tts`. `auto`: `openai` if AURA_TTS_BASE_URL is "
        "set, else `piper`.",
    )
    tts_voice: str = Field(
        "en_US-joe-medium",
        description="Piper voice or .onnx file, or the name of the server's voice.",
    )
    tts_base_url: str = Field(
        "",
        description="URL of a server with OpenAI's `/audio/speech`; without a path, /v1 is added.",
    )
    tts_api_key: SecretStr = Field(
        SecretStr(""), description="API key of the server at AURA_TTS_BASE_URL."
    )
    tts_model: str = Field("tts-1", description="Model of the server at AURA_TTS_BASE_URL.")
    tts_format: Literal["wav", "pcm"] = Field(
        "wav",
        description="Audio format of the server at AURA_TTS_BASE_URL: `wav`, whose header has the "
        "rate, or `pcm`.",
    )
    tts_rate_hz: int = Field(
        24000,
        ge=4000,
        le=192_000,
        description="Sample rate, Hz, of the `pcm` of the server at AURA_TTS_BASE_URL, s16le mono.",
    )
    tts_extra_body: dict[str, Any] = Field(
        {},
        description="JSON that is added to the body of each request to the server at "
        "AURA_TTS_BASE_URL.",
    )
    tts_voices: dict[str, str] = Field(
        {},
        description='JSON: a voice for each language, for sessions that name no voice: `{"de": '
        '"de_DE-thorsten-medium"}`.',
    )
    voices_dir: str = Field(
        "",
        description="Folder of your own voices, NAME.onnx with NAME.onnx.json, that sessions "
        "may name; empty: none.",
    )
    tts_voice_missing: Literal["default", "fail"] = Field(
        "default",
        description="Substitute for a voice that the TTS worker does not have: `default`: "
        "AURA_TTS_VOICE speaks; `fail`: none, and the response fails.",
    )
    tts_voices_loaded: int = Field(
        4, ge=1, le=64, description="Piper voices in memory at once, about 100 MiB each."
    )
    tts_speed: float = session_value(
        "voice.speed", "Speed of speaking; 1 is the voice's own speed."
    )
    tts_slots: int = Field(2, ge=1, le=1024, description="Sentences one TTS worker speaks at once.")
