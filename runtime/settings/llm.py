"""The language model, and those that are asked where it is silent."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, Field, SecretStr

from runtime.settings.fields import bare


class LlmSettings(BaseModel):
    """The language model, and those that are asked where it is silent."""

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
    llm_slots: int = Field(
        0, ge=0, le=1024, description="Turns at once; 0: 2 of the built-in model, 16 of a server."
    )
    cerebras_api_key: SecretStr = Field(
        validation_alias=bare("cerebras_api_key"),
        default=SecretStr(""),
        description="Key of Cerebras' API; of the server at AURA_LLM_BASE_URL, too, where "
        "AURA_LLM_API_KEY is empty.",
    )
