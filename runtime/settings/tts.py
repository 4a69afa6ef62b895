"""The voice."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, Field, SecretStr

from runtime.settings.fields import session_value


class TtsSettings(BaseModel):
    """The voice."""

    tts_engine: str = Field(
        "auto",
        description="Voice: `piper`, `openai`, `simulated`, one of your own as `module:Class`, or "
        "a name of the entry points `aura.tts`. `auto`: `openai` where AURA_TTS_BASE_URL is set, "
        "else `piper`.",
    )
    tts_voice: str = Field(
        "en_US-joe-medium",
        description="Piper voice name or .onnx file, or the server's name of a voice.",
    )
    tts_base_url: str = Field(
        "", description="A server with OpenAI's `/audio/speech`; without a path: /v1."
    )
    tts_api_key: SecretStr = Field(SecretStr(""), description="Its key, where it wants one.")
    tts_model: str = Field("tts-1", description="Its name of the model.")
    tts_format: Literal["wav", "pcm"] = Field(
        "wav", description="What it is asked for: `wav`, whose header tells the rate, or `pcm`."
    )
    tts_rate_hz: int = Field(
        24000, ge=4000, le=192_000, description="Hz of its `pcm`: s16le, mono."
    )
    tts_extra_body: dict[str, Any] = Field(
        {}, description="JSON that is added to each request to it."
    )
    tts_voices: dict[str, str] = Field(
        {},
        description="JSON: names of voices by language, for sessions that name none: "
        '`{"de": "de_DE-thorsten-medium"}`.',
    )
    voices_dir: str = Field(
        "",
        description="Folder of voices of one's own, NAME.onnx with NAME.onnx.json, which sessions "
        "may name; empty: none.",
    )
    tts_voice_missing: Literal["default", "fail"] = Field(
        "default",
        description="A session names a voice that a TTS worker does not have: AURA_TTS_VOICE "
        "speaks, or the response fails.",
    )
    tts_voices_loaded: int = Field(
        4, ge=1, le=64, description="Piper voices in memory at once, about 100 MiB each."
    )
    tts_speed: float = session_value("voice.speed", "Speed of speaking, 1: the voice's own.")
    tts_slots: int = Field(2, ge=1, le=1024, description="Sentences one TTS worker speaks at once.")
