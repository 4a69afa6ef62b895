"""Builds the configured language model with its fallbacks."""

# ruff: noqa: PLC0415 - libraries are optional extras, imported only where they are used

import os
from collections.abc import Callable, Mapping
from typing import Final
from urllib.parse import urlsplit

from runtime.process import machine
from runtime.settings import Settings
from workers.engines import llm_choice, weights
from workers.engines.custom import custom_engine
from workers.engines.errors import EngineRefusedError, WeightsError
from workers.engines.openai_api import require_setting
from workers.engines.protocols import LanguageModel

LOCAL_SLOTS: Final = 2
"""The slots of the built-in model if AURA_LLM_SLOTS is empty."""
HOSTED_SLOTS: Final = 16
"""The slots of a server if AURA_LLM_SLOTS is empty."""


def llm_engine(settings: Settings) -> str:
    """Return the language model's engine; 'auto' is a hosted one if one is set, else 'local'."""
    if settings.llm_engine != "auto":
        return settings.llm_engine
    if settings.llm_base_url:
        return "openai"
    return "cerebras" if settings.cerebras_api_key.get_secret_value() else "local"


def local_llm(settings: Settings) -> llm_choice.Choice:
    """Return the built-in language model of this machine, if AURA_LLM_MODEL is empty."""
    return llm_choice.choice(
        machine.cores(),
        machine.memory_bytes(),
        lambda name: not weights.missing(name, settings.cache_dir),
    )


def llm_slots(settings: Settings) -> int:
    """Return the number of responses that the language model writes at once."""
    return settings.llm_slots or (LOCAL_SLOTS if llm_engine(settings) == "local" else HOSTED_SLOTS)


def language_model(settings: Settings) -> LanguageModel:
    """Return the configured language model with its fallbacks, not yet loaded.

    Raises:
        EngineRefusedError: 'cerebras' without a key, 'openai' without a base URL, no such engine.
        EngineMissingError, WeightsError: the local model's file is missing or damaged.
    """
    fallbacks = [entry.strip() for entry in settings.llm_fallbacks.split(",") if entry.strip()]
    first = _first_model(settings, retries=0 if fallbacks else 1)
    if not fallbacks:
        return first
    from workers.engines.llm.fallbacks import FallbackModels

    last = len(fallbacks) - 1
    others = [_fallback(entry, settings, int(at == last)) for at, entry in enumerate(fallbacks)]
    return FallbackModels([first, *others], first_word_s=settings.llm_fallback_after_s)


def _first_model(settings: Settings, *, retries: int) -> LanguageModel:
    name = llm_engine(settings)
    if make := MODELS.get(name):
        return make(settings, settings.llm_model, retries)
    custom: LanguageModel = custom_engine("llm", name, settings, MODELS)
    return custom


def _fallback(text: str, settings: Settings, retries: int) -> LanguageModel:
    """Return the model of an entry of AURA_LLM_FALLBACKS."""
    if text == "local":
        return _local(settings, "", retries)
    url, bar, rest = text.partition("|")
    if bar:
        model, _, variable = rest.partition("|")
        if not urlsplit(url).netloc or not model:
            raise EngineRefusedError(
                f"AURA_LLM_FALLBACKS: {text!r} is not model, base_url|model, "
                "base_url|model|VARIABLE or local"
            )
        # Each server has a key of its own, so no field of Settings can hold it: the entry names it.
        key = os.environ.get(variable, "")
        if variable and not key:
            raise EngineRefusedError(
                f"AURA_LLM_FALLBACKS: the environment has no {variable}, which must have a key"
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


def _local(settings: Settings, model: str, _retries: int) -> LanguageModel:
    from workers.engines.llm.llama import LlamaModel

    name = model or local_llm(settings).model
    if (path := weights.find(name, settings.cache_dir)) is None:
        raise WeightsError(
            f"{name!r} is neither a GGUF file nor a model that is here (`aura models list`): "
            "set AURA_LLM_MODEL, or `aura models fetch` it"
        )
    return LlamaModel(
        path,
        threads=settings.threads or max(1, machine.cores() - 1),
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
    require_setting("AURA_LLM_BASE_URL", settings.llm_base_url, "http://localhost:11434/v1")
    if not model:
        raise EngineRefusedError(
            "AURA_LLM_BASE_URL is set: AURA_LLM_MODEL must say which of that server's models"
        )
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


def _simulated(settings: Settings, _model: str, _retries: int) -> LanguageModel:
    from workers.engines.simulated import Fault, SimulatedLanguageModel

    return SimulatedLanguageModel(
        first_ms=settings.sim_llm_first_ms,
        token_ms=settings.sim_llm_token_ms,
        tokens=settings.sim_llm_tokens,
        fault=Fault(settings.sim_fail),
    )


MODELS: Final[Mapping[str, Callable[[Settings, str, int], LanguageModel]]] = {
    "cerebras": _cerebras,
    "openai": _server,
    "local": _local,
    "simulated": _simulated,
}
"""The engines of Aura's own, by the names in AURA_LLM_ENGINE. Each is called with the settings, the
model's name (empty: the engine's own choice) and the number of retries."""
