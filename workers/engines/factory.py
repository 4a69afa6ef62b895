"""The configured engines: settings in, engines out; a library is imported only when it is used."""

# ruff: noqa: PLC0415 - a library is imported only by who uses it: each is an optional extra

import os
from pathlib import Path
from typing import Final, Literal

from runtime.settings import Settings
from workers.engines import model_download, weights
from workers.engines.protocols import (
    EngineRefusedError,
    LanguageModel,
    Recognizer,
    Synthesizer,
    TurnModel,
    WeightsError,
)

LOCAL_LLM: Final = "gemma3-270m"
"""The local model where AURA_LLM_MODEL names none."""
LOCAL_SLOTS: Final = 2
HOSTED_SLOTS: Final = 16
"""Responses written at once where AURA_LLM_SLOTS says nothing."""


def recognizer(settings: Settings) -> Recognizer:
    """Return the configured recognizer, not yet loaded."""
    if settings.stt_engine == "simulated":
        from workers.engines.simulated import Fault, SimulatedRecognizer

        return SimulatedRecognizer(delay_ms=settings.sim_stt_ms, fault=Fault(settings.sim_fail))
    from workers.engines.stt.whisper import WhisperRecognizer

    return WhisperRecognizer(
        settings.stt_model,
        cache=settings.cache_dir,
        threads=settings.threads or 1,
        workers=settings.stt_workers,
    )


def turn_model(settings: Settings) -> TurnModel | None:
    """Return the model that hears the end of a turn, not yet loaded; None where there is none."""
    if not settings.turn_model:
        return None
    path = Path(settings.turn_model).expanduser()
    if settings.turn_model == "auto":
        path = model_download.turn_model(settings.cache_dir)
        if not path.exists():
            return None
    from workers.engines.turn.smart_turn import SmartTurn

    return SmartTurn(path)


def llm_engine(settings: Settings) -> Literal["cerebras", "openai", "local", "simulated"]:
    """Return the engine of the language model: of 'auto' a hosted one if one is set, or 'local'."""
    if settings.llm_engine != "auto":
        return settings.llm_engine
    if settings.llm_base_url:
        return "openai"
    return "cerebras" if settings.cerebras_api_key.get_secret_value() else "local"


def llm_slots(settings: Settings) -> int:
    """Return how many responses the language model writes at once."""
    return settings.llm_slots or (LOCAL_SLOTS if llm_engine(settings) == "local" else HOSTED_SLOTS)


def language_model(settings: Settings) -> LanguageModel:
    """Return the configured language model, not yet loaded.

    Raises:
        EngineRefusedError: 'cerebras' without a key, or 'openai' without a base URL.
        EngineMissingError, WeightsError: the local model's file cannot be had.
    """
    match llm_engine(settings):
        case "simulated":
            from workers.engines.simulated import Fault, SimulatedLanguageModel

            return SimulatedLanguageModel(
                first_ms=settings.sim_llm_first_ms,
                token_ms=settings.sim_llm_token_ms,
                tokens=settings.sim_llm_tokens,
                fault=Fault(settings.sim_fail),
            )
        case "local":
            return _local(settings)
        case hosted:
            return _hosted(hosted, settings)


def _local(settings: Settings) -> LanguageModel:
    from workers.engines.llm.llama import LlamaModel

    name = settings.llm_model or LOCAL_LLM
    if (path := weights.find(name, settings.cache_dir)) is None:
        raise WeightsError(
            f"{name!r} is neither a GGUF file nor a model that is here (`aura models list`): "
            "set AURA_LLM_MODEL, or `aura models fetch` it"
        )
    return LlamaModel(path, threads=settings.threads or None, slots=llm_slots(settings), alias=name)


def _hosted(engine: Literal["cerebras", "openai"], settings: Settings) -> LanguageModel:
    from workers.engines.llm.openai_compatible import CEREBRAS_MODEL, HostedModel

    key = settings.cerebras_api_key.get_secret_value()
    if engine == "cerebras" and not key:
        raise EngineRefusedError(
            "AURA_LLM_ENGINE=cerebras needs CEREBRAS_API_KEY; "
            "set it, or AURA_LLM_ENGINE=local for the built-in model"
        )
    if engine == "openai" and not settings.llm_base_url:
        raise EngineRefusedError(
            "AURA_LLM_ENGINE=openai needs AURA_LLM_BASE_URL, such as http://localhost:11434/v1"
        )
    if engine == "openai" and not settings.llm_model:
        raise EngineRefusedError(
            "AURA_LLM_BASE_URL is set: AURA_LLM_MODEL must say which of that server's models"
        )
    return HostedModel(
        model=settings.llm_model or CEREBRAS_MODEL,
        api_key=key or None,
        base_url=settings.llm_base_url or None,
        read_s=settings.engine_limit_s,
    )


def synthesizer(settings: Settings, *, noise: bool = False) -> Synthesizer:
    """Return the configured voice, not yet loaded.

    *noise*: a livelier voice, whose audio differs each time; without, a retry says the same again.

    Raises:
        EngineMissingError, WeightsError: the voice's file cannot be had.
    """
    if settings.tts_engine == "simulated":
        from workers.engines.simulated import Fault, SimulatedSynthesizer

        return SimulatedSynthesizer(
            delay_ms=settings.sim_tts_ms,
            audio_ms=settings.sim_tts_audio_ms,
            fault=Fault(settings.sim_fail),
        )
    from workers.engines.tts.piper import PiperVoice
    from workers.engines.tts.piper_voices import PiperVoices, VoicePlaces

    if (path := weights.find(settings.tts_voice, settings.cache_dir)) is None:
        raise WeightsError(
            f"{settings.tts_voice!r} is neither a Piper voice file (.onnx) nor a voice "
            "that `aura models list` shows: set AURA_TTS_VOICE"
        )
    threads = settings.threads or min(2, os.cpu_count() or 1)

    def load(model: Path) -> PiperVoice:
        return PiperVoice(model, cache=settings.cache_dir, threads=threads, noise=noise)

    folder = Path(settings.voices_dir) if settings.voices_dir else None
    return PiperVoices(
        path,
        places=VoicePlaces(folder, settings.cache_dir),
        by_language=settings.tts_voices,
        most=settings.tts_voices_loaded,
        stand_in=settings.tts_voice_missing == "default",
        load=load,
    )
