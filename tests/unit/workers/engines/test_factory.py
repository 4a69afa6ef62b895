"""Options choose engines; what is missing is said with the way out."""

import os
from pathlib import Path
from typing import Any

import pytest

from runtime.settings import Settings, load
from workers.engines.errors import EngineRefusedError, WeightsError
from workers.engines.factory import recognizer, synthesizer
from workers.engines.llm.fallbacks import FallbackModels
from workers.engines.llm.llama import LlamaModel
from workers.engines.llm_factory import language_model, llm_engine, llm_slots
from workers.engines.openai_api import NO_KEY


def of(**given: Any) -> Settings:
    """Return *given* settings; what decides between engines is never this machine's."""
    nothing = {
        "llm_engine": "auto",
        "llm_api_key": "",
        "llm_fallbacks": "",
        "llm_base_url": "",
        "llm_model": "",
        "cerebras_api_key": "",
    }
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


def test_the_local_model_leaves_a_core_of_this_process_and_not_of_the_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 64)  # of which a container may have two
    (tmp_path / "own.gguf").touch()
    model = language_model(of(llm_engine="local", llm_model=str(tmp_path / "own.gguf"), threads=0))
    assert isinstance(model, LlamaModel)
    assert model._threads == max(1, len(os.sched_getaffinity(0)) - 1)


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


def test_a_base_url_makes_auto_speech_hosted() -> None:
    hears = of(stt_base_url="http://localhost:8000/v1", stt_model="Systran/faster-whisper-base")
    assert recognizer(hears).name == "openai:Systran/faster-whisper-base"
    speaks = of(tts_base_url="http://localhost:8880/v1", tts_voice="af_heart", tts_model="kokoro")
    assert synthesizer(speaks).name == "openai:kokoro:af_heart"


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"stt_engine": "openai"}, "AURA_STT_BASE_URL"),
        ({"stt_base_url": "http://localhost:1"}, "AURA_STT_MODEL"),
        ({"tts_engine": "openai"}, "AURA_TTS_BASE_URL"),
        ({"tts_base_url": "http://localhost:1"}, "AURA_TTS_VOICE"),
    ],
)
def test_hosted_speech_needs_an_address_and_a_name(given: dict[str, Any], named: str) -> None:
    with pytest.raises(EngineRefusedError, match=named):
        (recognizer if "stt" in named.lower() else synthesizer)(of(**given))


SERVER = {"llm_base_url": "http://localhost:1/v1", "llm_model": "big"}


def test_fallbacks_are_models_of_the_same_server_or_of_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OTHER_KEY", "k2")
    text = "small, http://localhost:2/v1|other , http://localhost:3|keyed|OTHER_KEY"
    model = language_model(
        of(**SERVER, llm_api_key="k1", llm_extra_body={"a": 1}, llm_fallbacks=text)
    )
    assert isinstance(model, FallbackModels)
    parts: list[Any] = list(model._models)
    assert model.name == "openai:big"
    assert [part.name for part in parts] == [
        "openai:big",
        "openai:small",
        "openai:other",
        "openai:keyed",
    ]
    assert [part._api_key for part in parts] == ["k1", "k1", NO_KEY, "k2"]  # none goes elsewhere
    assert [part._extra for part in parts] == [{"a": 1}, {"a": 1}, {}, {}]
    assert parts[3]._base_url == "http://localhost:3/v1"
    assert [part._retries for part in parts] == [0, 0, 0, 1]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({**SERVER, "llm_fallbacks": "localhost|x"}, r"base_url\|model"),
        ({**SERVER, "llm_fallbacks": "http://localhost:2/v1|"}, r"base_url\|model"),
        ({**SERVER, "llm_fallbacks": "http://localhost:2|x|NO_SUCH_KEY"}, "no NO_SUCH_KEY"),
        ({"llm_engine": "simulated", "llm_fallbacks": "small"}, "model of no server"),
    ],
)
def test_an_invalid_fallback_is_refused(given: dict[str, Any], told: str) -> None:
    with pytest.raises(EngineRefusedError, match=told):
        language_model(of(**given))


@pytest.mark.parametrize(("own", "sent"), [("k1", "k1"), ("", "k2")])
def test_the_cerebras_key_is_used_without_a_key_of_the_server(own: str, sent: str) -> None:
    model: Any = language_model(of(**SERVER, llm_api_key=own, cerebras_api_key="k2"))
    assert model._api_key == sent
