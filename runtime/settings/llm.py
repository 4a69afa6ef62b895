"""The language model and its fallbacks."""

from typing import Any

from pydantic import BaseModel, Field, SecretStr

from runtime.settings.fields import bare


class LlmSettings(BaseModel):
    """The language model and its fallbacks."""

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
