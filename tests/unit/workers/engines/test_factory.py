"""Options choose engines; what is missing is said with the way out."""

from pathlib import Path

import pytest

from workers.engines.factory import EngineOptions, language_model, recognizer, synthesizer
from workers.engines.protocols import EngineRefusedError, WeightsError


def test_simulated_engines_say_so_in_their_names() -> None:
    options = EngineOptions(stt_engine="simulated", llm_engine="simulated", tts_engine="simulated")
    for engine in (recognizer(options), language_model(options), synthesizer(options)):
        assert "simulated" in engine.name


def test_a_key_or_a_base_url_makes_auto_hosted() -> None:
    assert language_model(EngineOptions(llm_api_key="k")).name == "cerebras:llama-3.3-70b"
    options = EngineOptions(llm_base_url="http://localhost:11434/v1", llm_model="qwen3")
    assert language_model(options).name == "openai:qwen3"


def test_cerebras_without_a_key_names_the_setting_and_the_way_out() -> None:
    with pytest.raises(EngineRefusedError, match=r"CEREBRAS_API_KEY.*AURA_LLM_ENGINE=local"):
        language_model(EngineOptions(llm_engine="cerebras"))


def test_another_server_needs_a_base_url_and_a_model() -> None:
    with pytest.raises(EngineRefusedError, match="AURA_LLM_BASE_URL"):
        language_model(EngineOptions(llm_engine="openai"))
    with pytest.raises(EngineRefusedError, match="AURA_LLM_MODEL"):
        language_model(EngineOptions(llm_base_url="http://localhost:1"))


def test_unknown_local_names_are_refused_with_the_setting(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="AURA_LLM_MODEL"):
        language_model(EngineOptions(llm_engine="local", llm_model="nope", cache_dir=tmp_path))
    with pytest.raises(WeightsError, match="AURA_TTS_VOICE"):
        synthesizer(EngineOptions(tts_voice="nope", cache_dir=tmp_path))


def test_the_key_is_never_shown() -> None:
    assert "secret" not in repr(EngineOptions(llm_api_key="secret"))
