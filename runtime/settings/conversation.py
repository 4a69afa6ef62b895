"""The operator's values of a session's configuration."""

from typing import Literal

from pydantic import BaseModel, Field, SecretStr

from runtime.settings.fields import session_value
from schemas.session_config import Eagerness, bounds

RESPONSE_TIMEOUT = bounds("response.deadline_ms")


class ConversationSettings(BaseModel):
    """The operator's values of a session's configuration."""

    greeting: str = Field(
        "Hello! I'm AURA, your AI assistant. How can I help you today?",
        description="Greeting of a call on /ws/voice/continuous; empty: none.",
    )
    system_prompt: str = Field(
        "You are Aura, a friendly voice assistant on the phone. Answer in one or two short "
        "sentences that sound well when spoken. No lists, no emoji, no formatting.",
        description="System prompt of the language model. The small built-in model follows no "
        "prompt; `aura models fetch qwen2.5-1.5b-instruct` gets one that does.",
    )
    language: str = session_value("language", "Spoken language: a Whisper code, or `auto`.")
    eagerness: Eagerness = session_value(
        "turns.eagerness", "How early a pause counts as the end of a turn."
    )
    silence_ms: int = session_value(
        "turns.silence_ms",
        "Silence, ms, that ends a turn whatever its words; 0: the eagerness and the words decide.",
    )
    min_speech_ms: int = session_value(
        "turns.min_speech_ms", "Voiced sound, ms, that starts an utterance."
    )
    prefix_ms: int = session_value(
        "turns.prefix_ms", "Sound before the start of speech, ms, that belongs to the utterance."
    )
    interrupt_words: int = session_value(
        "interruption.min_words",
        "Words over a response that interrupt it.",
    )
    interrupt_voice_ms: int = session_value(
        "interruption.voice_ms",
        "Voice over a response, ms, that stops it before its words are known; the "
        "response goes on if the words turn out to be none. 0, or without a speech model "
        "(AURA_VAD): only words stop it.",
    )
    vad: Literal["auto", "silero", "webrtc"] = Field(
        "auto",
        description="Voice activity detection: `webrtc`: WebRTC's detector; `silero`: also "
        "Silero's model, so that turns end in noise too; `auto`: Silero if it is installed and "
        "the recogniser is not simulated.",
    )
    cancel_echo: bool = Field(
        True,
        description="Remove the echo of a response from the caller's audio; for clients without "
        "echo cancellation of their own.",
    )
    idle_s: int = session_value(
        "idle.after_s",
        "Silence of both sides, seconds, after which the caller is asked "
        "AURA_IDLE_PROMPT; after the same time again the call ends. 0: never.",
    )
    idle_prompt: str = session_value(
        "idle.prompt", "Question to an idle caller; empty: none, and the call ends at once."
    )
    idle_goodbye: str = session_value(
        "idle.goodbye", "Last words of a call that ends because its caller is idle; empty: none."
    )
    history_messages: int = session_value(
        "response.history_messages",
        "Most messages of history that the language model gets for a turn.",
    )
    max_tokens: int = session_value("response.max_tokens", "Most tokens of one response.")
    temperature: float = session_value("response.temperature", "Sampling temperature of the LLM.")
    speculate: bool = session_value(
        "turns.speculate", "Ask the language model at a likely end of turn, before it is certain."
    )
    job_deadline_s: float = Field(
        RESPONSE_TIMEOUT.default / 1000,
        ge=1,
        le=(RESPONSE_TIMEOUT.most or 0) / 1000,
        description="Seconds that a caller waits for a stage before an error is told.",
    )
    tools: str = Field(
        "",
        description="Tools of the language model: a YAML file, or `discover`, which offers "
        "`end_call` and the tools of all services on the bus. Empty: none.",
    )
    tool_steps: int = session_value(
        "tool_use.max_steps", "Most further steps of a turn after results of tools."
    )
    tool_wait_ms: int = session_value(
        "tool_use.wait_ms",
        "Silence while a tool runs, ms, after which AURA_TOOL_WAIT_WORDS are spoken.",
    )
    tool_wait_words: str = session_value(
        "tool_use.wait_words", "Words for a caller who waits for a tool; empty: none."
    )
    tool_wait_sound: bool = session_value(
        "tool_use.wait_sound",
        "Play a soft sound after AURA_TOOL_WAIT_MS, until the response goes on.",
    )
    tool_failure_words: str = session_value(
        "tool_use.failure_words",
        "Words that are spoken if a turn with tools would else end in silence.",
    )
    tool_slots: int = Field(
        64, ge=1, le=4096, description="Calls that one tool runner makes at once."
    )
    tool_secret: SecretStr = Field(
        SecretStr(""), description="`whsec_...` that signs calls of webhook tools."
    )
    mcp_token: SecretStr = Field(
        SecretStr(""),
        description="Bearer token that `aura tools mcp` sends to a remote MCP server; empty: none.",
    )
