"""One settings object a process: environment first, then `.env`, then the defaults here.

The names the client documentation gives (HOST, PORT, DEBUG, SAMPLE_RATE, CHUNK_SIZE, LOG_LEVEL,
CEREBRAS_API_KEY, NEXT_PUBLIC_...) and NATS_URL are bare; everything else is `AURA_<FIELD>`. A
secret may be given as a file: `AURA_JWT_SECRET_FILE`, `CEREBRAS_API_KEY_FILE`.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import (
    AliasChoices,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, SettingsConfigDict

from schemas.session_config import Eagerness, SessionConfig, bounds

LogLevel = Literal["DEBUG", "INFO", "WARNING", "ERROR"]
Recorded = Literal["never", "ask", "always"]
_RECORDED_BEFORE: dict[str, Recorded] = {
    **dict.fromkeys(("true", "1", "yes", "on", "t", "y"), "always"),
    **dict.fromkeys(("false", "0", "no", "off", "f", "n"), "ask"),
}
"""AURA_RECORD_AUDIO was a yes or no, whose no was what `ask` is."""

_BARE = {
    "host",
    "port",
    "debug",
    "sample_rate",
    "chunk_size",
    "log_level",
    "nats_url",
    "cerebras_api_key",
    "next_public_api_url",
    "next_public_ws_url",
    "next_public_sample_rate",
    "next_public_debug",
}


def _bare(field: str) -> AliasChoices:
    return AliasChoices(field.upper(), field)


PATH = "x-session-config"
"""Marks a setting that is a value of the session's configuration; tells its path there."""


def _session(path: str, description: str) -> Any:
    """Return a setting that is the operator's value at *path* of each session's configuration."""
    default, least, most = bounds(path)
    return Field(
        default, ge=least, le=most, description=description, json_schema_extra={PATH: path}
    )


DEADLINE = bounds("response.deadline_ms")
EVERYWHERE = frozenset({"", "0.0.0.0", "::"})  # noqa: S104  # looked for, not listened on
"""A HOST that every network reaches."""


class SettingsError(ValueError):
    """A setting has a value it cannot have; the message names it, never its value."""


class Settings(BaseSettings):
    """Every setting of Aura, with its unit in its name or its description."""

    model_config = SettingsConfigDict(
        env_prefix="AURA_", env_file=".env", extra="ignore", populate_by_name=True, frozen=True
    )

    # --- the door
    host: str = Field(
        validation_alias=_bare("host"),
        default="0.0.0.0",  # noqa: S104  # the documented default; the start warns about it
        description="Address the edge listens on.",
    )
    port: int = Field(
        validation_alias=_bare("port"),
        default=8000,
        ge=0,
        le=65535,
        description="Port of the edge; 0 picks a free one.",
    )
    debug: bool = Field(
        validation_alias=_bare("debug"),
        default=True,
        description="Allows the demo token, /ws without a token, and pages of localhost; turn it "
        "off where strangers reach the port.",
    )
    sample_rate: int = Field(
        validation_alias=_bare("sample_rate"),
        default=16000,
        ge=8000,
        le=48000,
        description="Hz of headerless PCM from clients, and of the audio sent to them.",
    )
    chunk_size: int = Field(
        validation_alias=_bare("chunk_size"),
        default=1024,
        ge=160,
        le=48000,
        description="Samples in one `ai_audio_chunk` sent to a client.",
    )
    log_level: LogLevel = Field(
        validation_alias=_bare("log_level"),
        default="INFO",
        description="Least severity that is logged.",
    )
    next_public_api_url: str = Field(
        "",
        validation_alias=_bare("next_public_api_url"),
        description="Where the talk page asks for /health; empty: where the page comes from.",
    )
    next_public_ws_url: str = Field(
        "",
        validation_alias=_bare("next_public_ws_url"),
        description="WebSocket URL that the talk page calls, such as `wss://voice.example/ws`; "
        "empty: where the page comes from.",
    )
    next_public_sample_rate: int = Field(
        16000,
        validation_alias=_bare("next_public_sample_rate"),
        ge=8000,
        le=48000,
        description="Hz at which the talk page sends the microphone.",
    )
    next_public_debug: bool = Field(
        True,
        validation_alias=_bare("next_public_debug"),
        description="The talk page shows its own measurements, and names each message in the "
        "browser's console.",
    )
    log_format: Literal["auto", "console", "json"] = Field(
        "auto", description="`auto`: console on a terminal, JSON elsewhere."
    )

    metrics_port: int = Field(
        0,
        ge=0,
        le=65535,
        description="Port of `/metrics`, `/health/live` and `/health/ready` of this process; 0: "
        "none. `aura up` counts up from it, a port a process.",
    )
    metrics_host: str = Field("127.0.0.1", description="Address that this port listens on.")

    # --- the bus
    nats_url: str = Field(
        validation_alias=_bare("nats_url"),
        default="",
        description="NATS servers, comma separated. Empty: `aura up` runs an embedded one.",
    )
    nats_user: str = Field("", description="User of this role, where the server has users.")
    nats_password: SecretStr = Field(SecretStr(""), description="Its password.")
    nats_ca: str = Field(
        "", description="PEM file of who signs the servers' certificates; set, TLS is demanded."
    )
    nats_cert: str = Field("", description="PEM certificate of ours, where the servers ask for it.")
    nats_key: str = Field("", description="PEM key of it, where it is not in the same file.")
    replicas: int = Field(
        1, ge=1, le=5, description="Copies of each stream; 3 on a cluster of three."
    )
    data_dir: Path = Field(
        Path(".aura"), description="Embedded server's data, run files of `aura up`."
    )
    cache_dir: Path = Field(
        Path("~/.cache/aura"),
        description="Model weights joined from packages, and voices cut in two, are kept here.",
    )
    model_hub: str = Field(
        "https://huggingface.co",
        description="Where `aura models fetch` finds voices, sizes of Whisper and GGUF files.",
    )
    analytics_dir: str = Field(
        "", description="Folder of the warehouse's files; empty: `analytics` in AURA_DATA_DIR."
    )
    url: str = Field(
        "", description="Where operator commands find the edge; empty: ask AURA_DATA_DIR."
    )

    # --- analytics
    webhook_url: str = Field("", description="Where the webhook sends events.")
    webhook_secret: SecretStr = Field(
        SecretStr(""), description="`whsec_...` that signs them; two by a blank while one changes."
    )
    webhook_events: str = Field(
        "session.started,session.ended,turn.committed,answer.heard,trouble.told",
        description="Event types it sends, comma separated; `*`: all.",
    )
    webhook_format: Literal["standard", "cloudevents"] = Field(
        "standard", description="Shape of the body: Standard Webhooks or CloudEvents 1.0."
    )
    shadow_out: str = Field(
        "",
        description="File of a shadow's comparisons, words included, as JSON lines; empty: none.",
    )

    # --- who may call
    demo_token: SecretStr = Field(
        SecretStr("demo_token"), description="Token of the demo; refused while DEBUG is off."
    )
    jwt_secret: SecretStr = Field(
        SecretStr(""), description="HS256 secret of callers' tokens, 32 bytes or more."
    )
    jwt_public_key: str = Field(
        "", description="PEM file of an RS256 (2048 bits or more) or ES256 public key."
    )
    jwt_jwks: str = Field(
        "",
        description="JWK set of RSA or P-256 keys: a file, or a URL, which is asked at the start, "
        "once an hour, and for a key it did not have.",
    )
    jwt_issuer: str = Field(
        "", description="`iss` that callers' tokens must have, or several by commas; empty: any."
    )
    jwt_audience: str = Field(
        "",
        description="`aud` that callers' tokens must have, or several by commas; empty: a token "
        "with an `aud` is for somebody else and refused.",
    )
    operator_token: SecretStr = Field(
        SecretStr(""),
        description="Token of /v1/calls and of the console, 32 characters or more, for the calls "
        "of all tenants; empty: only callers' tokens with the scope `calls:read` or `calls:write`.",
    )
    console: bool = Field(True, description="`aura up` starts the operator's console.")
    console_host: str = Field(
        "127.0.0.1",
        description="Address that the console listens on; any but this machine's own needs "
        "AURA_OPERATOR_TOKEN.",
    )
    console_port: int = Field(8090, ge=0, le=65535, description="Its port; 0 picks a free one.")
    console_words: bool = Field(
        True,
        description="The console shows what is said; false: no words, no sound, no files of calls.",
    )
    console_commands: bool = Field(
        True, description="Who sees the console may have calls say, follow and end something."
    )
    jwt_leeway_s: float = Field(
        10.0,
        ge=0,
        le=300,
        description="Seconds that other clocks may be off: of `exp`, `nbf` and `iat`.",
    )
    call_ends_with_token: bool = Field(
        False,
        description="A call ends with its caller's token (1008), who may go on with a new one.",
    )
    prices: dict[str, tuple[float, float]] = Field(
        {}, description="JSON: USD a million prompt and completion tokens, by model."
    )
    realtime_models: str = Field(
        "",
        description="Models that a client of /v1/realtime may choose by `model=`, comma separated; "
        "any other name is the operator's model.",
    )
    tls_cert: str = Field("", description="PEM certificate chain; set, the edge serves wss.")
    tls_key: str = Field("", description="PEM key of it, where it is not in the same file.")
    allowed_origins: str = Field(
        "",
        description="Origins of web pages that may call, comma separated; `*`: all. Empty: pages "
        "of the edge's own host, and those of localhost while DEBUG is on.",
    )
    trusted_proxies: str = Field(
        "", description="Addresses or networks whose proxy header is believed; empty: nobody's."
    )
    proxy_header: str = Field(
        "X-Forwarded-For", description="Header in which those proxies name their client."
    )
    heartbeat_s: float = Field(
        20.0,
        ge=0.1,
        le=30,
        description="Seconds between pings; a client that answers none is "
        "gone after 1.5 times as long.",
    )
    dialects: str = Field(
        "",
        description="Client protocols that are served, comma separated: `conversational` (/ws), "
        "`continuous` (/ws/voice/continuous), `twilio` (/twilio/media); empty: all.",
    )
    twilio_auth_token: SecretStr = Field(
        SecretStr(""),
        description="Auth token of the Twilio account whose calls come in: it signs "
        "/twilio/voice. Empty: /twilio/voice is not served.",
    )
    twilio_tenant: str = Field(
        "default", min_length=1, description="Tenant of the calls that Twilio announces."
    )
    twilio_transfer_to: str = Field(
        "",
        pattern=r"^(\+[0-9]{5,15}|sip:[^\s<>]+)?$",
        description="Number (+14155550100) or SIP address of a person, to whom callers who press "
        "AURA_TWILIO_TRANSFER_KEY are transferred; empty: nobody is.",
    )
    twilio_transfer_key: str = Field("0", pattern="^[0-9*#]$", description="That key.")
    twilio_account_sid: str = Field("", description="Account that transfers are asked of.")
    twilio_api_url: str = Field(
        "https://api.twilio.com", description="Where transfers are asked for."
    )
    public_url: str = Field(
        "",
        pattern="^(https?://[^ ?#]+[^ ?#/])?$",
        description="Address by which Twilio reaches the edges, e.g. https://voice.example.com; "
        "empty: the one in each request, which is right without a proxy.",
    )
    ws_auth: Literal["auto", "open", "token"] = Field(
        "auto",
        description="Who may call /ws: anybody (`open`), or who has a token as of the other "
        "protocols (`token`). `auto`: `open` while DEBUG is on, else `token`.",
    )
    http_timeout_s: float = Field(
        10.0,
        ge=1,
        le=300,
        description="Seconds that a connection may take for its TLS handshake, for the head of a "
        "request, and between two requests. A proxy must close its idle ones sooner.",
    )
    max_connections_per_ip: int = Field(
        10,
        ge=1,
        description="WebSockets from one address to one edge. IPv6 counts by /64, here and in all "
        "limits by address.",
    )
    max_sockets_per_ip: int = Field(
        0,
        ge=0,
        le=1_000_000,
        description="TCP connections from one address to one edge, proxies excepted; 0: 20 more "
        "than twice AURA_MAX_CONNECTIONS_PER_IP.",
    )
    joins_per_minute_per_ip: int = Field(
        0,
        ge=0,
        le=10_000_000,
        description="WebSocket handshakes a minute from one address to one edge; as many "
        "conversations begun, and half as many tokens refused. 0: AURA_RECONNECTS_PER_MINUTE and "
        "one, times AURA_MAX_CONNECTIONS_PER_IP.",
    )
    max_sessions: int = Field(1000, ge=1, description="Calls at once, on all edges together.")
    max_sessions_without_token: int = Field(
        0,
        ge=0,
        description="Of these, calls that no token was asked for; 0: half of them.",
    )
    max_sessions_per_tenant: int = Field(100, ge=1, description="Calls of one tenant at once.")
    max_sessions_per_user: int = Field(1, ge=1, description="Calls of one user at once.")
    reconnects_per_minute: int = Field(
        5, ge=1, description="Reconnections of one user in a minute, on all edges together."
    )
    max_call_s: float = Field(
        14_400.0, ge=0, le=604_800, description="Seconds that a call may last; 0: any."
    )
    max_call_idle_s: float = Field(
        900.0,
        ge=0,
        le=604_800,
        description="Seconds without a word of either side after which a call ends; 0: never.",
    )
    max_socket_idle_s: float = Field(
        60.0,
        ge=1,
        le=3600,
        description="Seconds that a WebSocket may be open without a conversation, as of /ws.",
    )
    control_messages_per_second: int = Field(
        10, ge=1, description="Control messages of one /ws/voice/continuous connection."
    )
    frames_per_second: int = Field(
        200,
        ge=20,
        le=10_000,
        description="WebSocket frames of all kinds a second and connection, after the first 20 s "
        "of them; more are read later, and for 30 s at most: then it is closed (1008).",
    )
    sound_at_once_s: float = Field(
        60.0,
        ge=5,
        le=3600,
        description="Seconds of sound that a connection may send at once; more is read at twice "
        "the speed of listening, and for 30 s at most: then it is closed (1008).",
    )
    api_requests_per_minute: int = Field(
        100, ge=1, description="HTTP requests a minute from one address."
    )

    # --- the conversation
    greeting: str = Field(
        "Hello! I'm AURA, your AI assistant. How can I help you today?",
        description="What a caller of /ws/voice/continuous hears first; empty: nothing.",
    )
    system_prompt: str = Field(
        "You are Aura, a friendly voice assistant on the phone. Answer in one or two short "
        "sentences that sound well when spoken. No lists, no emoji, no formatting.",
        description="What the language model is told it is; a base model, as the built-in one, "
        "follows none.",
    )
    language: str = _session("language", "Spoken language, a Whisper code, or `auto`.")
    eagerness: Eagerness = _session(
        "turns.eagerness", "How soon a pause is taken for the end of a turn."
    )
    silence_ms: int = _session(
        "turns.silence_ms",
        "Silence, ms, that ends a turn whatever its words; 0: by eagerness and words.",
    )
    min_speech_ms: int = _session("turns.min_speech_ms", "Voiced sound, ms, that makes a start.")
    prefix_ms: int = _session("turns.prefix_ms", "Sound before the start, ms, that belongs to it.")
    interrupt_words: int = _session(
        "interruption.min_words",
        "Words over a response that interrupt it.",
    )
    interrupt_voice_ms: int = _session(
        "interruption.voice_ms",
        "Voice, ms, over a response after which it stops before the words are known; it goes on if "
        "they are nothing. 0, or no model of speech (AURA_VAD): words alone stop it.",
    )
    vad: Literal["auto", "silero", "webrtc"] = Field(
        "auto",
        description="Voice activity: WebRTC's detector alone, or Silero's model as its second "
        "opinion, so that turns end in noise. `auto`: with the model where it is installed and the "
        "recogniser is not simulated.",
    )
    cancel_echo: bool = Field(
        True,
        description="Take a response's echo out of the caller's audio: a loudspeaker without echo "
        "cancellation of its own.",
    )
    idle_s: int = _session(
        "idle.after_s",
        "Seconds without a word of either side after which the caller is asked AURA_IDLE_PROMPT, "
        "and after as many again the call ends; 0: never.",
    )
    idle_prompt: str = _session(
        "idle.prompt", "What an idle caller is asked; empty: nothing, and the call ends at once."
    )
    idle_goodbye: str = _session("idle.goodbye", "Last words of a call that ends so; empty: none.")
    history_messages: int = _session(
        "response.history_messages", "Messages of history a turn's job carries."
    )
    max_tokens: int = _session("response.max_tokens", "Most tokens of one response.")
    temperature: float = _session("response.temperature", "Sampling temperature of the LLM.")
    speculate: bool = _session(
        "turns.speculate", "Ask the LLM on a likely end of turn, before it is certain."
    )
    record_audio: Recorded = Field(
        "ask",
        description="Whose sound is kept, both sides: `never`, `ask`: of calls whose client asks "
        "and shows a token, `always`. `true` and `false` of before are `always` and `ask`. Where "
        "AURA_REDACT masks words no sound is kept.",
    )
    recorded_mb_per_tenant: int = Field(
        512,
        ge=1,
        description="MB of kept sound of one tenant at one edge, filled again in 72 h; a call that "
        "needs more goes on without being recorded.",
    )
    log_kb_per_minute: int = Field(
        1000,
        ge=100,
        description="kB of events of one session a minute, three minutes' worth at once; a call "
        "that needs more is closed with 1008 (honest talk needs up to 200). An address has 0.4 "
        "times as much for each of its AURA_MAX_CONNECTIONS_PER_IP.",
    )
    log_mb_of_strangers: int = Field(
        512,
        ge=1,
        description="MB of events of all callers without a token at one edge, filled again in "
        "72 h; then they are refused, and nobody else.",
    )
    redact: str = Field(
        "",
        description="Masked in callers' words, said or typed, before they are stored: `numbers`, "
        "`emails`, or JSON of patterns and masks.",
    )
    job_deadline_s: float = Field(
        DEADLINE.default / 1000,
        ge=1,
        le=(DEADLINE.most or 0) / 1000,
        description="Seconds a caller waits for a stage before hearing why.",
    )

    # --- tools
    tools: str = Field(
        "",
        description="What the language model may call: a YAML file of tools, or `discover`: what "
        "services on the bus offer, and `end_call`; empty: nothing.",
    )
    tool_steps: int = _session(
        "tool_use.max_steps", "Times that a turn may go on after results of tools."
    )
    tool_wait_ms: int = _session(
        "tool_use.wait_ms", "Silence, ms, before a caller is told to wait for a tool."
    )
    tool_wait_words: str = _session("tool_use.wait_words", "What they are told; empty: nothing.")
    tool_failure_words: str = _session(
        "tool_use.failure_words", "Said where a turn with tools would end without a word."
    )
    tool_slots: int = Field(64, ge=1, le=4096, description="Calls that one tool runner makes.")
    tool_secret: SecretStr = Field(
        SecretStr(""), description="`whsec_...` that signs calls of webhook tools."
    )

    overload_wait_ms: int = Field(
        3000,
        ge=0,
        description="New calls are refused while a job waits so long, ms, for a free worker; "
        "0: never.",
    )
    overload_calm_s: float = Field(
        5.0,
        ge=0.5,
        le=300,
        description="Seconds without such a wait until they are welcome again; their Retry-After.",
    )

    # --- engines
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
    llm_engine: str = Field(
        "auto",
        description="`cerebras`, `openai`, `local`, `simulated`, one of your own as "
        "`module:Class`, or a name of the entry points `aura.llm`. `auto`: `openai` where "
        "AURA_LLM_BASE_URL is set, else `cerebras` where CEREBRAS_API_KEY is, else `local`, the "
        "built-in model.",
    )
    llm_model: str = Field("", description="Model name, or a GGUF file for the local engine.")
    llm_base_url: str = Field(
        "",
        description="Any OpenAI-compatible server, e.g. Ollama's, as it is given; without a path: "
        "/v1.",
    )
    llm_api_key: SecretStr = Field(
        SecretStr(""),
        description="Key of the server at AURA_LLM_BASE_URL; empty: CEREBRAS_API_KEY is sent, as "
        "before there was this setting.",
    )
    llm_extra_body: dict[str, Any] = Field(
        {}, description="JSON that is added to each request to that server."
    )
    llm_call_info: bool = Field(
        True,
        description="OpenAI-compatible servers are told whose call they answer: `user` (the "
        "session), `metadata` (session, tenant, turn, agent, speculative), header `traceparent`. "
        "One that refuses these fields is asked without.",
    )
    llm_fallbacks: str = Field(
        "",
        description="Models that are asked in turn where the one before gives no first word, comma "
        "separated: `model` of the same server, `base_url|model`, `base_url|model|VARIABLE` (of "
        "the environment, that holds its key), or `local`, the built-in one.",
    )
    llm_fallback_after_s: float = Field(
        3.0,
        ge=0.1,
        le=60,
        description="Seconds without a word, or a sign of thought, after which the next is asked.",
    )
    engine_limit_s: float = Field(
        8.0,
        ge=1,
        le=120,
        description="Seconds an engine may be silent before it counts as hung; half the length of "
        "its audio is added.",
    )
    drain_s: float = Field(
        8.0, ge=0, le=3600, description="Seconds a leaving process finishes what it has in hand."
    )
    llm_slots: int = Field(
        0, ge=0, le=1024, description="Turns at once; 0: 2 of the built-in model, 16 of a server."
    )
    cerebras_api_key: SecretStr = Field(
        validation_alias=_bare("cerebras_api_key"),
        default=SecretStr(""),
        description="Key of Cerebras' API; of the server at AURA_LLM_BASE_URL, too, where "
        "AURA_LLM_API_KEY is empty.",
    )
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
    tts_speed: float = _session("voice.speed", "Speed of speaking, 1: the voice's own.")
    caller_voices: str = Field(
        "",
        description="Voices that callers may ask for by `voice`, comma separated; `*`: any; "
        "empty: none.",
    )
    tts_slots: int = Field(2, ge=1, le=1024, description="Sentences one TTS worker speaks at once.")
    threads: int = Field(0, ge=0, le=256, description="Threads of an engine; 0: fitted to the CPU.")
    sim_stt_ms: float = Field(50, ge=0, description="Simulated engines: recognition, ms.")
    sim_llm_first_ms: float = Field(100, ge=0, description="Simulated: to the first token, ms.")
    sim_llm_token_ms: float = Field(10, ge=0, description="Simulated: each further token, ms.")
    sim_llm_tokens: int = Field(20, ge=1, description="Simulated: tokens of an answer.")
    sim_tts_ms: float = Field(50, ge=0, description="Simulated: to the audio, ms.")
    sim_fail: Literal["none", "raise", "hang", "nonsense", "exit"] = Field(
        "none", description="Simulated: how to fail at words that hold `poison`."
    )
    sim_tts_audio_ms: int = Field(2000, ge=0, description="Simulated: audio of a sentence, ms.")

    @property
    def realtime_models_listed(self) -> frozenset[str]:
        return frozenset(name for one in self.realtime_models.split(",") if (name := one.strip()))

    @property
    def reaches_everybody(self) -> bool:
        """Every network reaches the edge."""
        return self.host in EVERYWHERE

    @property
    def strangers_may_call(self) -> bool:
        """No token is asked for where a client protocol can do without."""
        return self.ws_auth == "open" or (self.ws_auth == "auto" and self.debug)

    @property
    def has_talk_page(self) -> bool:
        """The talk page has somebody to call: it speaks `continuous`, here or elsewhere."""
        asked = {name.strip() for name in self.dialects.split(",")} - {""}
        return not asked or "continuous" in asked or bool(self.next_public_ws_url)

    @property
    def cancels_echo(self) -> bool:
        """Echo is cancelled; of a simulated voice, a tone, not: a caller's tone would go, too."""
        return self.cancel_echo and self.tts_engine != "simulated"

    @property
    def session(self) -> SessionConfig:
        """The configuration of a session that asks for nothing else, without a greeting."""
        changes = {
            str(info.json_schema_extra[PATH]): getattr(self, field)
            for field, info in type(self).model_fields.items()
            if isinstance(info.json_schema_extra, dict) and PATH in info.json_schema_extra
        }
        changes["response.system_prompt"] = self.system_prompt
        changes["response.deadline_ms"] = int(self.job_deadline_s * 1000)
        changes["record_audio"] = self.record_audio == "always"
        changes["voice.chunk_ms"] = max(10, self.chunk_size * 1000 // self.sample_rate)
        return SessionConfig().but(changes)

    @field_validator("record_audio", mode="before")
    @classmethod
    def _yes_or_no_of_before(cls, given: Any) -> Any:
        return _RECORDED_BEFORE.get(str(given).lower(), given)

    @model_validator(mode="after")
    def _no_sound_of_masked_words(self) -> Self:
        if self.record_audio == "always" and self.redact:
            raise ValueError(
                "AURA_RECORD_AUDIO=always would keep the sound of what AURA_REDACT masks"
            )
        return self

    @model_validator(mode="before")
    @classmethod
    def _secrets_from_files(cls, given: dict[str, Any]) -> dict[str, Any]:
        for field, info in cls.model_fields.items():
            if info.annotation is SecretStr and (path := os.environ.get(f"{env_name(field)}_FILE")):
                given[field] = Path(path).read_text(encoding="utf-8").strip()
        return given


def env_name(field: str) -> str:
    """Return the environment variable of *field*."""
    return field.upper() if field in _BARE else f"AURA_{field.upper()}"


def load(**given: Any) -> Settings:
    """Return the settings of this process, *given* ones before the environment.

    Raises:
        SettingsError: one of them has a value it cannot have.
    """
    try:
        return Settings(**given)
    except ValidationError as error:
        said = [
            ": ".join([*(env_name(str(name).lower()) for name in e["loc"][:1]), e["msg"]])
            for e in error.errors()
        ]
        raise SettingsError("; ".join(said)) from error
    except OSError as error:
        raise SettingsError(f"a *_FILE setting: {error.strerror}: {error.filename}") from error
