"""The recogniser and the turn model."""

from pydantic import BaseModel, Field, SecretStr


class SttSettings(BaseModel):
    """The recogniser and the turn model."""

    stt_engine: str = Field(
        "auto",
        description="Recogniser: `whisper`, `openai`, `simulated`, your own as `module:Class`, "
        "or a name of the entry points `aura.stt`. `auto`: `openai` if AURA_STT_BASE_URL is "
        "set, else `whisper`.",
    )
    stt_model: str = Field(
        "tiny.en",
        description="Name or folder of a faster-whisper model, or the name of the server's model.",
    )
    stt_base_url: str = Field(
        "",
        description="URL of a server with OpenAI's `/audio/transcriptions`; without a path, /v1 "
        "is added.",
    )
    stt_api_key: SecretStr = Field(
        SecretStr(""), description="API key of the server at AURA_STT_BASE_URL."
    )
    stt_slots: int = Field(
        16, ge=1, le=1024, description="Utterances that one STT worker listens to at once."
    )
    stt_workers: int = Field(
        2,
        ge=1,
        le=64,
        description="Recognitions at once in one STT worker; if there are several, one is kept "
        "for pauses.",
    )
    stt_batch: int = Field(
        8,
        ge=1,
        le=64,
        description="Most waiting utterances that are recognised together; 1: each alone. No "
        "utterance waits for others to come.",
    )
    stt_partial_interval_ms: int = Field(
        1000,
        ge=0,
        le=10000,
        description="Audio between two partial transcripts, ms; 0: no partial transcripts.",
    )
    turn_model: str = Field(
        "auto",
        description="Smart Turn v3 file, a model that hears whether the speaker has finished. "
        "`auto`: the one from `aura models fetch`, if it was fetched; empty: only words decide.",
    )
