"""Texts become sound once, and a noise is the same each time."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import pytest

from aura.cli.evaluation.sounds import noise, sounds
from aura.cli.evaluation.suite import Noise, SuiteError, load


def suite(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "suite.yaml"
    file.write_text(text, encoding="utf-8")
    return file


def test_a_text_is_spoken_once_and_a_missing_recording_is_named(tmp_path: Path) -> None:
    text = "name: x\nscenarios: [{name: a, steps: [{say: hi}, {say: hi}, {noise: hum}]}]"
    asked: list[str] = []

    def say(text: str) -> bytes:
        asked.append(text)
        return b"\0\0"

    sounds(load(suite(tmp_path, text)), tmp_path, say)
    assert asked == ["hi"]
    gone = load(suite(tmp_path, "name: x\nscenarios: [{name: a, steps: [{wav: gone.wav}]}]"))
    with pytest.raises(SuiteError, match=r"gone\.wav: No such file"):
        sounds(gone, tmp_path, say)


@pytest.mark.parametrize("name", [kind for kind in get_args(Noise) if kind])
def test_a_noise_is_the_same_each_time_and_short(name: str) -> None:
    assert noise(name) == noise(name)
    assert 0 < len(noise(name)) <= 32_000


def test_a_file_that_is_no_recording_is_named(tmp_path: Path) -> None:
    (tmp_path / "notes.wav").write_text("no sound", encoding="utf-8")
    noted = load(suite(tmp_path, "name: x\nscenarios: [{name: a, steps: [{wav: notes.wav}]}]"))
    with pytest.raises(SuiteError, match=r"notes\.wav is not a recording"):
        sounds(noted, tmp_path, lambda _: b"")
