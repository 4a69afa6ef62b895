"""The stage of an engine follows from its name or its methods, unless it fits several."""

from __future__ import annotations

import pytest

from workers.engines.built_in import BUILT_IN, kind_of
from workers.engines.custom import PROTOCOLS
from workers.engines.errors import EngineRefusedError

SIMULATED = "workers.engines.simulated"


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        (f"{SIMULATED}:SimulatedRecognizer", "stt"),
        (f"{SIMULATED}:SimulatedLanguageModel", "llm"),
        (f"{SIMULATED}:SimulatedSynthesizer", "tts"),
        ("whisper", "stt"),
        ("local", "llm"),
        ("piper", "tts"),
    ],
)
def test_the_stage_of_an_engine_follows_from_its_methods_or_its_name(name: str, kind: str) -> None:
    assert kind_of(name) == kind


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("openai", "an engine for stt and llm and tts; say --stage"),
        ("eagle", "none of transcribe, stream, synthesize; say --stage"),
        (f"{SIMULATED}:Fault", "say --stage"),
        (f"{SIMULATED}:Eagle", "has nothing named 'Eagle'"),
        ("nests:Parrot", "no module 'nests'"),
    ],
)
def test_an_unclear_stage_must_be_named(name: str, told: str) -> None:
    with pytest.raises(EngineRefusedError, match=told):
        kind_of(name)


def test_every_stage_with_engines_has_some_of_auras_own() -> None:
    assert set(BUILT_IN) == set(PROTOCOLS)
    for names in BUILT_IN.values():
        assert {"auto", "openai", "simulated"} <= set(names)
