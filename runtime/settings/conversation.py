"""What a session is set to that asks for nothing else."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field, SecretStr

from runtime.settings.fields import session_value
from schemas.session_config import Eagerness, bounds

DEADLINE = bounds("response.deadline_ms")


class ConversationSettings(BaseModel):
    """What a session is set to that asks for nothing else."""

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
    language: str = session_value("language", "Spoken language, a Whisper code, or `auto`.")
    eagerness: Eagerness = session_value(
        "turns.eagerness", "How soon a pause is taken for the end of a turn."
    )
    silence_ms: int = session_value(
        "turns.silence_ms",
        "Silence, ms, that ends a turn whatever its words; 0: by eagerness and words.",
    )
    min_speech_ms: int = session_value(
        "turns.min_speech_ms", "Voiced sound, ms, that makes a start."
    )
    prefix_ms: int = session_value(
        "turns.prefix_ms", "Sound before the start, ms, that belongs to it."
    )
    interrupt_words: int = session_value(
        "interruption.min_words",
        "Words over a response that interrupt it.",
    )
    interrupt_voice_ms: int = session_value(
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
    idle_s: int = session_value(
        "idle.after_s",
        "Seconds without a word of either side after which the caller is asked AURA_IDLE_PROMPT, "
        "and after as many again the call ends; 0: never.",
    )
    idle_prompt: str = session_value(
        "idle.prompt", "What an idle caller is asked; empty: nothing, and the call ends at once."
    )
    idle_goodbye: str = session_value(
        "idle.goodbye", "Last words of a call that ends so; empty: none."
    )
    history_messages: int = session_value(
        "response.history_messages", "Messages of history a turn's job carries."
    )
    max_tokens: int = session_value("response.max_tokens", "Most tokens of one response.")
    temperature: float = session_value("response.temperature", "Sampling temperature of the LLM.")
    speculate: bool = session_value(
        "turns.speculate", "Ask the LLM on a likely end of turn, before it is certain."
    )
    job_deadline_s: float = Field(
        DEADLINE.default / 1000,
        ge=1,
        le=(DEADLINE.most or 0) / 1000,
        description="Seconds a caller waits for a stage before hearing why.",
    )
    tools: str = Field(
        "",
        description="What the language model may call: a YAML file of tools, or `discover`: what "
        "services on the bus offer, and `end_call`; empty: nothing.",
    )
    tool_steps: int = session_value(
        "tool_use.max_steps", "Times that a turn may go on after results of tools."
    )
    tool_wait_ms: int = session_value(
        "tool_use.wait_ms", "Silence, ms, before a caller is told to wait for a tool."
    )
    tool_wait_words: str = session_value(
        "tool_use.wait_words", "What they are told; empty: nothing."
    )
    tool_failure_words: str = session_value(
        "tool_use.failure_words", "Said where a turn with tools would end without a word."
    )
    tool_slots: int = Field(64, ge=1, le=4096, description="Calls that one tool runner makes.")
    tool_secret: SecretStr = Field(
        SecretStr(""), description="`whsec_...` that signs calls of webhook tools."
    )
    mcp_token: SecretStr = Field(
        SecretStr(""),
        description="Bearer token that `aura tools mcp` shows an MCP server at an address; "
        "empty: none.",
    )
