"""The configured engines: options in, engines out; libraries are imported only when one is used."""

# ruff: noqa: PLC0415 - a library is imported only by who uses it: each is an optional extra

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

from workers.engines import model_download, weights
from workers.engines.protocols import (
    EngineRefusedError,
    LanguageModel,
    Recognizer,
    Synthesizer,
    TurnModel,
    WeightsError,
)

DEFAULT_STT: Final = "tiny.en"
DEFAULT_LOCAL_LLM: Final = "gemma3-270m"
DEFAULT_VOICE: Final = "en_US-joe-medium"


@dataclass(frozen=True, slots=True)
class EngineOptions:
    """Which engines to run and how; an empty name means the engine's own default."""

    stt_engine: Literal["auto", "whisper", "simulated"] = "auto"
    stt_model: str = ""
    stt_workers: int = 1
    """Utterances recognised at once, each with `threads`."""
    turn_model: str = ""
    """A Smart Turn file; `auto`: the fetched one, if it was; empty: none."""
    llm_engine: Literal["auto", "cerebras", "openai", "local", "simulated"] = "auto"
    llm_model: str = ""
    llm_base_url: str = ""
    llm_api_key: str = field(default="", repr=False)
    """Never shown: options end up in logs."""
    llm_timeout_s: float = 10.0
    llm_slots: int = 2
    """Answers the local model writes at once."""
    tts_engine: Literal["auto", "piper", "simulated"] = "auto"
    tts_voice: str = ""
    tts_noise: bool = False
    """A livelier voice whose audio differs each time; False keeps a retried sentence the same."""
    threads: int = 0
    """Of each engine for one job; 0: one for STT, two for TTS, all cores but one for the LLM."""
    cache_dir: Path = Path("~/.cache/aura")
    sim_stt_ms: float = 50
    sim_llm_first_ms: float = 100
    sim_llm_token_ms: float = 10
    sim_llm_tokens: int = 20
    sim_tts_ms: float = 50
    sim_tts_audio_ms: int = 2000
    sim_fail: Literal["none", "raise", "hang", "nonsense", "exit"] = "none"
    sim_fail_marker: str = "poison"


def recognizer(options: EngineOptions) -> Recognizer:
    """Return the configured recognizer, not yet loaded."""
    if options.stt_engine == "simulated":
        from workers.engines.simulated import Fault, SimulatedRecognizer

        return SimulatedRecognizer(
            delay_ms=options.sim_stt_ms, fault=Fault(options.sim_fail, options.sim_fail_marker)
        )
    from workers.engines.stt.whisper import WhisperRecognizer

    return WhisperRecognizer(
        options.stt_model or DEFAULT_STT,
        cache=options.cache_dir,
        threads=options.threads or 1,
        workers=options.stt_workers,
    )


def turn_model(options: EngineOptions) -> TurnModel | None:
    """Return the model that hears the end of a turn, not yet loaded; None where there is none."""
    if not options.turn_model:
        return None
    path = Path(options.turn_model).expanduser()
    if options.turn_model == "auto":
        path = model_download.turn_model(options.cache_dir)
        if not path.exists():
            return None
    from workers.engines.turn.smart_turn import SmartTurn

    return SmartTurn(path)


def language_model(options: EngineOptions) -> LanguageModel:
    """Return the configured language model, not yet loaded.

    'auto' takes a hosted one where a key or a base URL is set, else the local one.

    Raises:
        EngineRefusedError: 'cerebras' without a key, or 'openai' without a base URL.
        EngineMissingError, WeightsError: the local model's file cannot be had.
    """
    match options.llm_engine:
        case "simulated":
            from workers.engines.simulated import Fault, SimulatedLanguageModel

            return SimulatedLanguageModel(
                first_ms=options.sim_llm_first_ms,
                token_ms=options.sim_llm_token_ms,
                tokens=options.sim_llm_tokens,
                fault=Fault(options.sim_fail, options.sim_fail_marker),
            )
        case "auto" if options.llm_base_url:
            return _hosted("openai", options)
        case "auto" if options.llm_api_key:
            return _hosted("cerebras", options)
        case "auto" | "local":
            return _local(options)
        case "cerebras" | "openai" as engine:
            return _hosted(engine, options)


def _local(options: EngineOptions) -> LanguageModel:
    from workers.engines.llm.llama import LlamaModel

    name = options.llm_model or DEFAULT_LOCAL_LLM
    if (path := weights.find(name, options.cache_dir)) is None:
        raise WeightsError(
            f"{name!r} is neither a GGUF file nor {DEFAULT_LOCAL_LLM!r}: set AURA_LLM_MODEL"
        )
    return LlamaModel(path, threads=options.threads or None, slots=options.llm_slots, alias=name)


def _hosted(engine: Literal["cerebras", "openai"], options: EngineOptions) -> LanguageModel:
    from workers.engines.llm.openai_compatible import CEREBRAS_MODEL, HostedModel

    if engine == "cerebras" and not options.llm_api_key:
        raise EngineRefusedError(
            "AURA_LLM_ENGINE=cerebras needs CEREBRAS_API_KEY; "
            "set it, or AURA_LLM_ENGINE=local for the built-in model"
        )
    if engine == "openai" and not options.llm_base_url:
        raise EngineRefusedError(
            "AURA_LLM_ENGINE=openai needs AURA_LLM_BASE_URL, such as http://localhost:11434/v1"
        )
    if engine == "openai" and not options.llm_model:
        raise EngineRefusedError(
            "AURA_LLM_BASE_URL is set: AURA_LLM_MODEL must say which of that server's models"
        )
    return HostedModel(
        model=options.llm_model or CEREBRAS_MODEL,
        api_key=options.llm_api_key or None,
        base_url=options.llm_base_url or None,
        read_s=options.llm_timeout_s,
    )


def synthesizer(options: EngineOptions) -> Synthesizer:
    """Return the configured voice, not yet loaded.

    Raises:
        EngineMissingError, WeightsError: the voice's file cannot be had.
    """
    if options.tts_engine == "simulated":
        from workers.engines.simulated import Fault, SimulatedSynthesizer

        return SimulatedSynthesizer(
            delay_ms=options.sim_tts_ms,
            audio_ms=options.sim_tts_audio_ms,
            fault=Fault(options.sim_fail, options.sim_fail_marker),
        )
    from workers.engines.tts.piper import PiperVoice

    name = options.tts_voice or DEFAULT_VOICE
    if (path := weights.find(name, options.cache_dir)) is None:
        raise WeightsError(
            f"{name!r} is neither a Piper voice file (.onnx) nor {DEFAULT_VOICE!r}: "
            "set AURA_TTS_VOICE"
        )
    return PiperVoice(
        path, threads=options.threads or min(2, os.cpu_count() or 1), noise=options.tts_noise
    )
