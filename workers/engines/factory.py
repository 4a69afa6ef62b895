"""The configured engines: settings in, engines out; a library is imported only when it is used."""

# ruff: noqa: PLC0415 - a library is imported only by who uses it: each is an optional extra

import os
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from runtime import machine
from runtime.settings import Settings
from workers.engines import llm_choice, weights
from workers.engines.openai_api import BlockingClient
from workers.engines.own import own_engine
from workers.engines.protocols import (
    EngineRefusedError,
    LanguageModel,
    Recognizer,
    Synthesizer,
    TurnModel,
    WeightsError,
)

DEFAULT_STT_MODEL: Final = Settings.model_fields["stt_model"].default
DEFAULT_TTS_VOICE: Final = Settings.model_fields["tts_voice"].default
"""Of the built-in engines: no server has them, so it must be told another."""
LOCAL_SLOTS: Final = 2
"""Responses that the built-in model writes at once where AURA_LLM_SLOTS says nothing."""
HOSTED_SLOTS: Final = 16
"""The same of a server."""


def recognizer(settings: Settings) -> Recognizer:
    """Return the configured recognizer, not yet loaded.

    Raises:
        EngineRefusedError: a setting of it is missing, or there is no such engine.
    """
    match stt_engine(settings):
        case "simulated":
            from workers.engines.simulated import Fault, SimulatedRecognizer

            return SimulatedRecognizer(delay_ms=settings.sim_stt_ms, fault=Fault(settings.sim_fail))
        case "whisper":
            from workers.engines.stt.whisper import WhisperRecognizer

            return WhisperRecognizer(
                settings.stt_model,
                cache=settings.cache_dir,
                threads=settings.threads or 1,
                workers=settings.stt_workers,
            )
        case "openai":
            from workers.engines.stt.openai_rest import RestRecognizer

            _needs("AURA_STT_BASE_URL", settings.stt_base_url, "http://localhost:8000/v1")
            model = "" if settings.stt_model == DEFAULT_STT_MODEL else settings.stt_model
            _needs("AURA_STT_MODEL", model, "whisper-1")
            key = settings.stt_api_key.get_secret_value()
            client = BlockingClient(settings.stt_base_url, key, limit_s=settings.engine_limit_s / 2)
            return RestRecognizer(client, model=model)
        case own:
            recognizer: Recognizer = own_engine("stt", own, settings)
            return recognizer


def stt_engine(settings: Settings) -> str:
    """Return the engine of the recogniser, of 'auto' the one that it stands for."""
    if settings.stt_engine != "auto":
        return settings.stt_engine
    return "openai" if settings.stt_base_url else "whisper"


def tts_engine(settings: Settings) -> str:
    """Return the engine of the voice, of 'auto' the one that it stands for."""
    if settings.tts_engine != "auto":
        return settings.tts_engine
    return "openai" if settings.tts_base_url else "piper"


def _needs(setting: str, value: str, such_as: str) -> None:
    if not value:
        engine = f"AURA_{setting.split('_')[1]}_ENGINE=openai"
        raise EngineRefusedError(f"{engine} needs {setting}, such as {such_as}")


def turn_model(settings: Settings) -> TurnModel | None:
    """Return the model that hears the end of a turn, not yet loaded; None where there is none."""
    if not settings.turn_model:
        return None
    path = Path(settings.turn_model).expanduser()
    if settings.turn_model == "auto":
        from workers.engines import model_download

        path = model_download.turn_model(settings.cache_dir)
        if not path.exists():
            return None
    from workers.engines.turn.smart_turn import SmartTurn

    return SmartTurn(path)


def llm_engine(settings: Settings) -> str:
    """Return the engine of the language model: of 'auto' a hosted one if one is set, or 'local'."""
    if settings.llm_engine != "auto":
        return settings.llm_engine
    if settings.llm_base_url:
        return "openai"
    return "cerebras" if settings.cerebras_api_key.get_secret_value() else "local"


def local_llm(settings: Settings) -> llm_choice.Choice:
    """Return the built-in language model of this machine, where AURA_LLM_MODEL names none."""
    return llm_choice.choice(
        machine.cores(),
        machine.memory_bytes(),
        lambda name: not weights.missing(name, settings.cache_dir),
    )


def llm_slots(settings: Settings) -> int:
    """Return how many responses the language model writes at once."""
    return settings.llm_slots or (LOCAL_SLOTS if llm_engine(settings) == "local" else HOSTED_SLOTS)


def language_model(settings: Settings) -> LanguageModel:
    """Return the configured language model with its fallbacks, not yet loaded.

    Raises:
        EngineRefusedError: 'cerebras' without a key, 'openai' without a base URL, no such engine.
        EngineMissingError, WeightsError: the local model's file cannot be had.
    """
    fallbacks = [one.strip() for one in settings.llm_fallbacks.split(",") if one.strip()]
    first = _first_model(settings, retries=0 if fallbacks else 1)
    if not fallbacks:
        return first
    from workers.engines.llm.fallbacks import FallbackModels

    last = len(fallbacks) - 1
    others = [_fallback(one, settings, int(at == last)) for at, one in enumerate(fallbacks)]
    return FallbackModels([first, *others], first_word_s=settings.llm_fallback_after_s)


def _first_model(settings: Settings, *, retries: int) -> LanguageModel:
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
            return _local(settings, settings.llm_model or local_llm(settings).model)
        case "cerebras":
            return _cerebras(settings, settings.llm_model, retries)
        case "openai":
            _needs("AURA_LLM_BASE_URL", settings.llm_base_url, "http://localhost:11434/v1")
            if not settings.llm_model:
                raise EngineRefusedError(
                    "AURA_LLM_BASE_URL is set: AURA_LLM_MODEL must say which of that server's "
                    "models"
                )
            return _server(settings, settings.llm_model, retries)
        case own:
            model: LanguageModel = own_engine("llm", own, settings)
            return model


def _fallback(text: str, settings: Settings, retries: int) -> LanguageModel:
    """Return the model of an entry of AURA_LLM_FALLBACKS."""
    if text == "local":
        return _local(settings, local_llm(settings).model)
    url, bar, rest = text.partition("|")
    if bar:
        model, _, variable = rest.partition("|")
        if not urlsplit(url).netloc or not model:
            raise EngineRefusedError(
                f"AURA_LLM_FALLBACKS: {text!r} is not model, base_url|model, "
                "base_url|model|VARIABLE or local"
            )
        key = os.environ.get(variable, "")
        if variable and not key:
            raise EngineRefusedError(
                f"AURA_LLM_FALLBACKS: the environment has no {variable}, which was to hold a key"
            )
        return _at(url, settings, model=model, key=key, retries=retries)
    match llm_engine(settings):
        case "openai":
            return _server(settings, text, retries)
        case "cerebras":
            return _cerebras(settings, text, retries)
        case other:
            raise EngineRefusedError(
                f"AURA_LLM_FALLBACKS: {text!r} is a model of no server while AURA_LLM_ENGINE is "
                f"{other}: write base_url|model"
            )


def _local(settings: Settings, name: str) -> LanguageModel:
    from workers.engines.llm.llama import LlamaModel

    if (path := weights.find(name, settings.cache_dir)) is None:
        raise WeightsError(
            f"{name!r} is neither a GGUF file nor a model that is here (`aura models list`): "
            "set AURA_LLM_MODEL, or `aura models fetch` it"
        )
    return LlamaModel(
        path,
        threads=settings.threads or None,
        slots=llm_slots(settings),
        alias=name,
        system=settings.system_prompt,
    )


def _cerebras(settings: Settings, model: str, retries: int) -> LanguageModel:
    from workers.engines.llm.openai_compatible import CEREBRAS_MODEL, HostedModel

    key = settings.cerebras_api_key.get_secret_value()
    if not key:
        raise EngineRefusedError(
            "AURA_LLM_ENGINE=cerebras needs CEREBRAS_API_KEY; "
            "set it, or AURA_LLM_ENGINE=local for the built-in model"
        )
    return HostedModel(
        model=model or CEREBRAS_MODEL,
        api_key=key,
        read_s=settings.engine_limit_s,
        retries=retries,
    )


def _server(settings: Settings, model: str, retries: int) -> LanguageModel:
    own = settings.llm_api_key.get_secret_value()
    key = own or settings.cerebras_api_key.get_secret_value()
    return _at(settings.llm_base_url, settings, model=model, key=key, retries=retries)


def _at(url: str, settings: Settings, *, model: str, key: str, retries: int) -> LanguageModel:
    """Return *model* of the server at *url*."""
    from workers.engines.llm.openai_compatible import HostedModel

    return HostedModel(
        model=model,
        api_key=key or None,
        base_url=url,
        extra_body=settings.llm_extra_body if url == settings.llm_base_url else None,
        tells_caller=settings.llm_call_info,
        read_s=settings.engine_limit_s,
        retries=retries,
    )


def synthesizer(settings: Settings, *, noise: bool = False) -> Synthesizer:
    """Return the configured voice, not yet loaded.

    *noise*: a livelier voice, whose audio differs each time; without, a retry says the same again.

    Raises:
        EngineMissingError, WeightsError: the voice's file cannot be had.
        EngineRefusedError: a setting of it is missing, or there is no such engine.
    """
    match tts_engine(settings):
        case "simulated":
            from workers.engines.simulated import Fault, SimulatedSynthesizer

            return SimulatedSynthesizer(
                delay_ms=settings.sim_tts_ms,
                audio_ms=settings.sim_tts_audio_ms,
                fault=Fault(settings.sim_fail),
            )
        case "piper":
            return _piper(settings, noise=noise)
        case "openai":
            from workers.engines.tts.openai_rest import RestVoice

            _needs("AURA_TTS_BASE_URL", settings.tts_base_url, "http://localhost:8880/v1")
            voice = "" if settings.tts_voice == DEFAULT_TTS_VOICE else settings.tts_voice
            _needs("AURA_TTS_VOICE", voice, "alloy")
            key = settings.tts_api_key.get_secret_value()
            client = BlockingClient(settings.tts_base_url, key, limit_s=settings.engine_limit_s / 2)
            return RestVoice(
                client,
                model=settings.tts_model,
                voice=voice,
                form=settings.tts_format,
                rate_hz=settings.tts_rate_hz,
                extra_body=settings.tts_extra_body,
            )
        case own:
            synthesizer: Synthesizer = own_engine("tts", own, settings)
            return synthesizer


def _piper(settings: Settings, *, noise: bool) -> Synthesizer:
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
