"""The recogniser, and the turn model beside it."""

from __future__ import annotations

from pydantic import BaseModel, Field, SecretStr


class SttSettings(BaseModel):
    """The recogniser, and the turn model beside it."""

    stt_engine: str = Field(
        "auto",
        description="Recogniser: `whisper`, `openai`, `simulated`, one of your own as "
        "`module:Class`, or a name of the entry points `aura.stt`. `auto`: `openai` where "
        "AURA_STT_BASE_URL is set, else `whisper`.",
    )
    stt_model: str = Field(
        "tiny.en", description="faster-whisper name or folder, or the server's name of a model."
    )
    stt_base_url: str = Field(
        "", description="A server with OpenAI's `/audio/transcriptions`; without a path: /v1."
    )
    stt_api_key: SecretStr = Field(SecretStr(""), description="Its key, where it wants one.")
    stt_slots: int = Field(16, ge=1, le=1024, description="Utterances one STT worker listens to.")
    stt_workers: int = Field(
        2,
        ge=1,
        le=64,
        description="Recognitions at once in one STT worker; one of several is kept for pauses.",
    )
    stt_batch: int = Field(
        8,
        ge=1,
        le=64,
        description="Utterances that one recognition takes at most when several wait; 1: each "
        "alone. None ever waits for others.",
    )
    stt_partial_interval_ms: int = Field(
        1000, ge=0, le=10000, description="Audio between partial transcripts; 0: none."
    )
    turn_model: str = Field(
        "auto",
        description="Smart Turn v3 file that hears whether a speaker is done; `auto`: the one that "
        "`aura models fetch` brought, if it did; empty: by the words alone.",
    )
