"""Voices are found by name and loaded when they are asked for, a few at a time."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from workers.engines.errors import EngineRefusedError
from workers.engines.protocols import ManyVoices, SpeakerVoice
from workers.engines.tts.piper import PiperVoice
from workers.engines.tts.piper_voices import PiperVoices, VoiceFolders


class Named(PiperVoice):
    """A voice that says which file it is, as bytes."""

    def synthesize(self, text: str, speed: float = 1.0) -> Iterator[bytes]:
        yield f"{self.model.stem} says {text} at {speed:g}".encode()


class House:
    """A worker's voices in a folder of a test, and which files were loaded."""

    def __init__(self, folder: Path, *, most: int = 2, stand_in: bool = True) -> None:
        self.folder = folder
        self.loaded: list[str] = []
        for name in ("joe", "amy", "eva", "tom"):
            self.put(name)
        self.voices = PiperVoices(
            folder / "joe.onnx",
            folders=VoiceFolders(folder, folder / "cache"),
            by_language={"de": "eva"},
            most=most,
            stand_in=stand_in,
            load=self.load,
        )

    def put(self, name: str) -> None:
        (self.folder / f"{name}.onnx").write_bytes(b"weights")
        (self.folder / f"{name}.onnx.json").write_text(json.dumps({}))

    def load(self, model: Path) -> PiperVoice:
        self.loaded.append(model.stem)
        return Named(model, cache=self.folder / "cache")

    def speaking(self, voice: str, language: str = "en", speed: float = 1.0) -> Iterator[bytes]:
        return self.voices.choose(SpeakerVoice(voice, language, speed)).synthesize("hi")

    def says(self, voice: str = "", language: str = "en", speed: float = 1.0) -> str:
        return b"".join(self.speaking(voice, language, speed)).decode()


def test_a_session_is_spoken_to_by_the_voice_that_it_names(tmp_path: Path) -> None:
    house = House(tmp_path)
    assert isinstance(house.voices, ManyVoices)
    assert house.says("amy", speed=1.5) == "amy says hi at 1.5"
    assert house.says() == "joe says hi at 1"
    assert b"".join(house.voices.synthesize("hi")) == b"joe says hi at 1"


@pytest.mark.parametrize("language", ["de", "de-AT", "DE_de"])
def test_a_session_without_a_voice_gets_that_of_its_language(tmp_path: Path, language: str) -> None:
    house = House(tmp_path)
    assert house.says(language=language) == "eva says hi at 1"
    assert house.says("amy", language) == "amy says hi at 1"
    assert house.says(language="fr") == "joe says hi at 1"


def test_the_least_recently_used_voice_is_let_go(tmp_path: Path) -> None:
    house = House(tmp_path, most=2)
    for name in ("joe", "amy", "joe", "eva", "joe", "amy"):
        house.says(name)
    assert house.loaded == ["joe", "amy", "eva", "amy"]


def test_an_unloaded_voice_finishes_its_sentence(tmp_path: Path) -> None:
    house = House(tmp_path, most=1)
    saying = house.speaking("amy")
    house.says("eva")
    assert b"".join(saying) == b"amy says hi at 1"


def test_a_chosen_voice_is_not_looked_up_again(tmp_path: Path) -> None:
    house = House(tmp_path)
    chosen = house.voices.choose(SpeakerVoice("amy"))
    (tmp_path / "amy.onnx.json").unlink()
    assert b"".join(chosen.synthesize("hi")) == b"amy says hi at 1"


def test_a_replaced_voice_file_is_loaded_as_a_new_edition(
    tmp_path: Path,
) -> None:
    house = House(tmp_path)
    house.says("amy")
    before = house.voices.choose(SpeakerVoice("amy")).used
    assert house.voices.choose(SpeakerVoice("amy")).used == before
    settings = tmp_path / "amy.onnx.json"
    settings.write_text(json.dumps({"inference": {}}))
    after = house.voices.choose(SpeakerVoice("amy")).used
    assert after.name == before.name == "piper:amy"
    assert after != before
    house.says("amy")
    assert house.loaded == ["amy", "amy"]


def test_for_a_missing_voice_the_default_speaks_or_the_job_fails(tmp_path: Path) -> None:
    house = House(tmp_path)
    assert house.says("nobody") == "joe says hi at 1"
    assert house.voices.choose(SpeakerVoice("nobody")).used.name == "piper:joe"
    strict = House(tmp_path, stand_in=False)
    with pytest.raises(EngineRefusedError, match=r"`aura models fetch nobody`.*AURA_VOICES_DIR"):
        strict.says("nobody")
    house.put("nobody")  # it was brought meanwhile
    assert house.says("nobody") == "nobody says hi at 1"


def test_a_voice_that_aura_knows_and_that_was_never_fetched_is_said_too(tmp_path: Path) -> None:
    (tmp_path / "cache").mkdir()
    record = {"source": "x/y", "revision": "", "weights": "bob.onnx", "trust": "first use"}
    lock = {"bob": {**record, "files": {"bob.onnx": "0" * 64}}}
    (tmp_path / "cache" / "models.lock.json").write_text(json.dumps(lock))
    with pytest.raises(EngineRefusedError, match="is gone"):
        House(tmp_path, stand_in=False).says("bob")


@pytest.mark.parametrize("name", ["../joe", "/etc/passwd", "joe.onnx", ".hidden", "a/b", "tiny.en"])
def test_no_name_is_a_path_or_a_model_of_another_kind(tmp_path: Path, name: str) -> None:
    (tmp_path / ".hidden.onnx").touch()
    with pytest.raises(EngineRefusedError):
        House(tmp_path, stand_in=False).says(name)
