"""Servers with OpenAI's API: where they are, and what their errors become."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from workers.engines.errors import (
    EngineMissingError,
    EngineRefusedError,
    ServerUnavailableError,
)
from workers.engines.openai_api import (
    ServerSettings,
    address,
    cerebras_library,
    for_status,
    openai_library,
    read_json,
    require_setting,
)

NAMED = ServerSettings(
    "the server", "AURA_LLM_BASE_URL", "AURA_LLM_API_KEY", "AURA_LLM_MODEL", "AURA_LLM_ENGINE=local"
)


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ("http://localhost:8000", "http://localhost:8000/v1"),
        ("http://localhost:8000/", "http://localhost:8000/v1"),
        ("https://example.com/api/v2/", "https://example.com/api/v2"),
    ],
)
def test_an_address_without_a_path_gets_that_of_openai(given: str, found: str) -> None:
    assert address(given) == found


def test_halves_of_characters_are_left_out_and_whole_ones_stay() -> None:
    assert read_json(r'{"a": "x\ud83d", "b": "\ud83d\ude00"}') == {"a": "x", "b": "\U0001f600"}
    assert read_json(b'{"a": "\xc3\xa4"}') == {"a": "\u00e4"}
    with pytest.raises(ValueError, match=r"."):
        read_json("no JSON")


@pytest.mark.parametrize("status", [408, 409, 425, 429, 500, 502, 599])
def test_an_answer_that_may_change_is_asked_for_again(status: int) -> None:
    error = for_status(status, NAMED, "m")
    assert isinstance(error, ServerUnavailableError)
    assert "the server" in str(error)


@pytest.mark.parametrize(
    ("status", "names"),
    [
        (401, ["AURA_LLM_API_KEY", "AURA_LLM_ENGINE=local"]),
        (403, ["AURA_LLM_API_KEY"]),
        (400, ["AURA_LLM_MODEL=m", "AURA_LLM_BASE_URL"]),
        (404, ["AURA_LLM_MODEL=m"]),
    ],
)
def test_a_refusal_names_the_settings_to_change(status: int, names: list[str]) -> None:
    error = for_status(status, NAMED, "m")
    assert isinstance(error, EngineRefusedError)
    assert [name for name in names if name not in str(error)] == []


@pytest.mark.parametrize(
    ("module", "load", "says"),
    [
        ("openai", openai_library, "openai is not installed"),
        ("cerebras.cloud", cerebras_library, "cerebras-cloud-sdk is not installed"),
    ],
)
def test_a_library_that_is_missing_is_told_with_its_extra(
    monkeypatch: pytest.MonkeyPatch, module: str, load: Any, says: str
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(EngineMissingError, match=rf"{says}.*\[llm\]"):
        load()


def test_an_engine_without_its_address_names_the_setting() -> None:
    require_setting("AURA_STT_BASE_URL", "http://localhost", "x")
    with pytest.raises(EngineRefusedError, match=r"AURA_STT_ENGINE=openai needs AURA_STT_BASE_URL"):
        require_setting("AURA_STT_BASE_URL", "", "http://localhost:8000/v1")
