"""The worked engine of CONTRIBUTING.md is one that a worker can use as it stands."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from types import ModuleType

import pytest

from runtime.settings import load
from workers.engines import contract, factory
from workers.engines.errors import WeightsError
from workers.engines.protocols import Recognition, Recognizer

PAGE = Path(__file__).parents[2] / "CONTRIBUTING.md"
FOLDERS = "aura|deploy|docs|edge|nats|runtime|schemas|tests|workers"


class Bird:
    """A model of the library `parrot`."""

    def __init__(self, asked: str) -> None:
        self.heard = [f"loaded {asked}"]

    def hear(self, pcm: bytes, language: str) -> tuple[str, float]:
        self.heard.append(f"{len(pcm)} bytes of {language}")
        return "Call 555 123 4567.", 0.9


@pytest.fixture
def written() -> ModuleType:
    """The example, loaded as the module it says it is."""
    example = re.search(r"(?ms)^`(\S+)`:\n\n```python\n(.*?)^```", PAGE.read_text())
    assert example is not None
    assert example[1] == "parrot_engine.py"
    module = ModuleType("parrot_engine")
    exec(compile(example[2], example[1], "exec"), module.__dict__)  # noqa: S102  # our own page
    return module


def test_the_example_recogniser_is_loaded_and_hears(
    written: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    birds: list[Bird] = []

    def made(asked: str) -> Bird:
        birds.append(Bird(asked))
        return birds[-1]

    library = ModuleType("parrot")
    library.__dict__["load"] = made
    monkeypatch.setitem(sys.modules, "parrot", library)
    monkeypatch.setitem(sys.modules, "parrot_engine", written)
    named = load(_env_file=None, stt_engine="parrot_engine:ParrotRecognizer", stt_model="grey")
    recognizer: Recognizer = factory.recognizer(named)
    recognizer.warm()
    heard = recognizer.transcribe(bytes(64_000), language="en")
    assert isinstance(heard, Recognition)
    assert (recognizer.name, heard.text, heard.audio_ms) == (
        "parrot:grey",
        "Call 555 123 4567.",
        2000,
    )
    assert birds[0].heard == ["loaded grey", "32000 bytes of en", "64000 bytes of en"]


def test_the_example_keeps_the_contract(
    written: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    library = ModuleType("parrot")
    library.__dict__["load"] = Bird
    monkeypatch.setitem(sys.modules, "parrot", library)
    engine = written.ParrotRecognizer(load(_env_file=None))
    assert [why for _, why in contract.failures("stt", engine) if why] == []


def test_without_its_model_the_example_names_the_setting(
    written: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(asked: str) -> Bird:
        raise FileNotFoundError(asked)

    library = ModuleType("parrot")
    library.__dict__["load"] = missing
    monkeypatch.setitem(sys.modules, "parrot", library)
    with pytest.raises(WeightsError, match="AURA_STT_MODEL"):
        written.ParrotRecognizer(load(_env_file=None)).warm()


def test_the_files_and_settings_that_the_page_names_exist() -> None:
    text = PAGE.read_text()
    for path in re.findall(rf"`((?:{FOLDERS})/[\w/]+\.\w+)`", text):
        assert (PAGE.parent / path).exists() or "parrot" in path.lower(), path
    assert "EngineOptions" not in text
    settings = load(_env_file=None)
    for name in re.findall(r"`AURA_([A-Z_]+)`", text):
        assert name.startswith("TEST_") or hasattr(settings, name.lower()), name
