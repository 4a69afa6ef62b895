"""Options choose engines; what is missing is said with the way out."""

from pathlib import Path
from typing import Any

import pytest

from runtime.settings import Settings, load
from workers.engines.factory import language_model, llm_engine, llm_slots, recognizer, synthesizer
from workers.engines.protocols import EngineRefusedError, WeightsError


def of(**given: Any) -> Settings:
    """Return *given* settings; what decides between engines is never this machine's."""
    nothing = {"llm_engine": "auto", "llm_base_url": "", "llm_model": "", "cerebras_api_key": ""}
    return load(_env_file=None, **{**nothing, "llm_slots": 0, **given})


def test_simulated_engines_say_so_in_their_names() -> None:
    options = of(stt_engine="simulated", llm_engine="simulated", tts_engine="simulated")
    for engine in (recognizer(options), language_model(options), synthesizer(options)):
        assert "simulated" in engine.name


def test_a_key_or_a_base_url_makes_auto_hosted() -> None:
    assert language_model(of(cerebras_api_key="k")).name == "cerebras:llama-3.3-70b"
    options = of(llm_base_url="http://localhost:11434/v1", llm_model="qwen3")
    assert language_model(options).name == "openai:qwen3"


def test_cerebras_without_a_key_names_the_setting_and_the_way_out() -> None:
    with pytest.raises(EngineRefusedError, match=r"CEREBRAS_API_KEY.*AURA_LLM_ENGINE=local"):
        language_model(of(llm_engine="cerebras"))


def test_another_server_needs_a_base_url_and_a_model() -> None:
    with pytest.raises(EngineRefusedError, match="AURA_LLM_BASE_URL"):
        language_model(of(llm_engine="openai"))
    with pytest.raises(EngineRefusedError, match="AURA_LLM_MODEL"):
        language_model(of(llm_base_url="http://localhost:1"))


def test_unknown_local_names_are_refused_with_the_setting(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="AURA_LLM_MODEL"):
        language_model(of(llm_engine="local", llm_model="nope", cache_dir=tmp_path))
    with pytest.raises(WeightsError, match="AURA_TTS_VOICE"):
        synthesizer(of(tts_voice="nope", cache_dir=tmp_path))


def test_the_key_is_never_shown() -> None:
    assert "k3y" not in repr(of(cerebras_api_key="k3y"))


@pytest.mark.parametrize(
    ("given", "engine", "slots"),
    [
        ({}, "local", 2),
        ({"llm_base_url": "http://localhost:1"}, "openai", 16),
        ({"llm_base_url": "http://localhost:1", "cerebras_api_key": "k"}, "openai", 16),
        ({"cerebras_api_key": "k"}, "cerebras", 16),
        ({"llm_engine": "local", "cerebras_api_key": "k"}, "local", 2),
        ({"llm_engine": "local", "llm_base_url": "http://localhost:1"}, "local", 2),
        ({"llm_engine": "simulated"}, "simulated", 16),
        ({"llm_slots": 5}, "local", 5),
    ],
)
def test_one_rule_names_the_engine_of_the_language_model_and_its_slots(
    given: dict[str, Any], engine: str, slots: int
) -> None:
    assert (llm_engine(of(**given)), llm_slots(of(**given))) == (engine, slots)
