"""Engines of one's own are found by name, and what is none is refused with the way out."""

from __future__ import annotations

import sys
import threading
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from typer.testing import CliRunner

from aura.cli import engines
from aura.cli.running import CommandError
from runtime.settings import Settings, load
from workers.engines import custom, factory, llm_factory
from workers.engines.built_in import kind_of
from workers.engines.errors import EngineRefusedError
from workers.engines.simulated import (
    SimulatedLanguageModel,
    SimulatedRecognizer,
    SimulatedSynthesizer,
)

BUILT_IN = ", ".join(factory.RECOGNIZERS)


class Parrot(SimulatedRecognizer):
    name = "parrot"

    def __init__(self, settings: Settings) -> None:
        super().__init__(delay_ms=0)
        self.asked = settings.stt_model


class Model(SimulatedLanguageModel):
    name = "own-model"

    def __init__(self, settings: Settings) -> None:
        del settings
        super().__init__(first_ms=0, token_ms=0)


class Voice(SimulatedSynthesizer):
    name = "own-voice"

    def __init__(self, settings: Settings) -> None:
        del settings
        super().__init__(delay_ms=0)


class Deaf(Parrot):
    def transcribe(self, pcm: bytes, *, language: str) -> Any:
        del pcm, language
        return "words"


class NoEngine:
    name = "nothing"

    def __init__(self, settings: Settings) -> None:
        del settings


class Mute(Parrot):
    """A class whose model is not loaded until it is released."""

    release = threading.Event()

    def warm(self) -> None:
        self.release.wait(10)


class Choosy(Parrot):
    def __init__(self, settings: Settings, more: str) -> None:
        super().__init__(settings)
        self.more = more


@pytest.fixture(autouse=True)
def birds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("birds")
    for engine in (Parrot, Model, Voice, Deaf, Mute, NoEngine, Choosy):
        setattr(module, engine.__name__, engine)
    module.__dict__["made"] = Parrot  # a function of the settings would do, too
    module.__dict__["number"] = 3
    monkeypatch.setitem(sys.modules, "birds", module)
    installed = tmp_path / "birds-1.0.dist-info"
    installed.mkdir()
    (installed / "METADATA").write_text("Metadata-Version: 2.1\nName: birds\nVersion: 1.0\n")
    (installed / "entry_points.txt").write_text(
        "[aura.stt]\nmacaw = birds:Parrot\ngone = birds:Gone\n"
    )
    monkeypatch.syspath_prepend(tmp_path)


def of(**given: Any) -> Settings:
    return load(_env_file=None, **given)


def test_a_class_is_made_of_the_settings() -> None:
    made = factory.recognizer(of(stt_engine="birds:Parrot", stt_model="grey"))
    assert isinstance(made, Parrot)
    assert made.asked == "grey"
    assert llm_factory.language_model(of(llm_engine="birds:Model")).name == "own-model"
    assert factory.synthesizer(of(tts_engine="birds:Voice")).name == "own-voice"


def test_an_installed_entry_point_is_found_by_its_name() -> None:
    assert factory.recognizer(of(stt_engine="macaw")).name == "parrot"
    assert kind_of("macaw") == "stt"


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("whisperer", rf"one of auto, {BUILT_IN}, gone, macaw, or module:Class"),
        ("nests:Parrot", "no module 'nests'"),
        ("birds:Eagle", "has nothing named 'Eagle'"),
        ("birds:number", "nothing to call named 'number'"),
        ("birds:NoEngine", "has no warm, transcribe"),
        ("birds:Voice", "has no transcribe"),
        ("birds:Choosy", "called with the settings alone"),
        ("gone", "birds:Gone cannot be loaded"),
        (":Parrot", "cannot be imported"),
    ],
)
def test_a_class_that_is_no_engine_is_refused_with_the_reason(name: str, told: str) -> None:
    with pytest.raises(EngineRefusedError, match=told):
        factory.recognizer(of(stt_engine=name))


def test_the_members_of_an_engine_are_those_of_its_protocol() -> None:
    assert custom.members("stt") == ("name", "warm", "transcribe")
    assert custom.members("llm") == ("name", "in_process", "warm", "stream")
    assert custom.members("tts") == ("name", "warm", "synthesize")


def test_the_command_lists_passed_and_failed_checks_with_reasons() -> None:
    run = CliRunner().invoke(engines.app, ["test", "birds:Parrot"])
    assert run.exit_code == 0
    assert "ok     returns a recognition" in run.output
    assert "birds:Parrot is an engine for AURA_STT_ENGINE." in run.output
    run = CliRunner().invoke(engines.app, ["test", "birds:Deaf"])
    assert "FAILED returns a recognition" in run.output
    assert "`transcribe` returns a Recognition, not str" in run.output
    assert isinstance(run.exception, CommandError)
    assert str(run.exception) == "birds:Deaf: 5 of 8 checks failed"


def test_a_check_that_hangs_ends_the_command() -> None:
    run = CliRunner().invoke(engines.app, ["test", "--wait-s", "0", "birds:Mute"])
    Mute.release.set()
    assert "hangs" in str(run.exception)


def test_the_list_shows_the_installed_engines() -> None:
    run = CliRunner().invoke(engines.app, ["list"])
    assert f"AURA_LLM_ENGINE   auto, {', '.join(llm_factory.MODELS)}" in run.output
    assert "macaw   birds:Parrot" in run.output
