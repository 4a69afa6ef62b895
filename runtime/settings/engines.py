"""The engines: the recogniser, the language model, the voice, the turn model, simulated ones."""

from typing import Any, Literal

from pydantic import BaseModel, Field, SecretStr

from runtime.settings.fields import bare, session_value


class EngineSettings(BaseModel):
    """What all engines have in common, the simulated ones, then each kind of engine."""

    engine_limit_s: float = Field(
        8.0,
        ge=1,
        le=120,
        description="Seconds without output after which an engine counts as hung; half the "
        "length of its audio is added.",
    )
    threads: int = Field(0, ge=0, le=256, description="Threads of an engine; 0: chosen by the CPU.")
    sim_stt_ms: float = Field(50, ge=0, description="Simulated engines: time of a recognition, ms.")
    sim_llm_first_ms: float = Field(
        100, ge=0, description="Simulated engines: time to the first token, ms."
    )
    sim_llm_token_ms: float = Field(
        10, ge=0, description="Simulated engines: time of each further token, ms."
    )
    sim_llm_tokens: int = Field(20, ge=1, description="Simulated engines: tokens of a response.")
    sim_tts_ms: float = Field(
        50, ge=0, description="Simulated engines: time to the first audio, ms."
    )
    sim_fail: Literal["none", "raise", "hang", "nonsense", "exit"] = Field(
        "none", description="Simulated engines: the kind of failure at words that contain `poison`."
    )
    sim_tts_audio_ms: int = Field(
        2000, ge=0, description="Simulated engines: audio of a sentence, ms."
    )

    # ------------------------------------------ the recogniser and the turn model

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

    # ------------------------------------------ the language model and its fallbacks

    llm_engine: str = Field(
        "auto",
        description="Language model: `cerebras`, `openai`, `local` (the built-in one), "
        "`simulated`, your own as `module:Class`, or a name of the entry points `aura.llm`. "
        "`auto`: `openai` if AURA_LLM_BASE_URL is set, else `cerebras` if CEREBRAS_API_KEY is set, "
        "else `local`.",
    )
    llm_model: str = Field(
        "", description="Name of the model, or a GGUF file for the local engine."
    )
    llm_base_url: str = Field(
        "",
        description="URL of an OpenAI-compatible server, such as Ollama's. It is used as given; "
        "without a path, /v1 is added.",
    )
    llm_api_key: SecretStr = Field(
        SecretStr(""),
        description="API key of the server at AURA_LLM_BASE_URL; empty: CEREBRAS_API_KEY is used.",
    )
    llm_extra_body: dict[str, Any] = Field(
        {},
        description="JSON that is added to the body of each request to the server at "
        "AURA_LLM_BASE_URL.",
    )
    llm_call_info: bool = Field(
        True,
        description="OpenAI-compatible servers get facts about the call: `user` (the session), "
        "`metadata` (session, tenant, turn, agent, speculative) and the header `traceparent`. A "
        "server that refuses these fields is asked again without them.",
    )
    llm_fallbacks: str = Field(
        "",
        description="Models that are asked in turn if the one before gives no first word, comma "
        "separated: `model` of the same server, `base_url|model`, `base_url|model|VARIABLE` "
        "(the environment variable with its key), or `local`, the built-in model.",
    )
    llm_fallback_after_s: float = Field(
        3.0,
        ge=0.1,
        le=60,
        description="Seconds without a word or a reasoning token after which the next model is "
        "asked.",
    )
    llm_slots: int = Field(
        0,
        ge=0,
        le=1024,
        description="Turns at once in one worker; 0: 2 for the built-in model, 16 for a server.",
    )
    cerebras_api_key: SecretStr = Field(
        validation_alias=bare("cerebras_api_key"),
        default=SecretStr(""),
        description="API key of Cerebras; also of the server at AURA_LLM_BASE_URL if "
        "AURA_LLM_API_KEY is empty.",
    )

    # ------------------------------------------ the voice

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
