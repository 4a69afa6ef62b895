"""Settings of all engines, and of the simulated ones."""

from typing import Literal

from pydantic import BaseModel, Field


class EngineSettings(BaseModel):
    """Settings of all engines, and of the simulated ones."""

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
