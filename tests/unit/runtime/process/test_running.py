"""A command in another folder finds the `aura up` that runs on this machine."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from runtime.process.running import MOST_TOLD_FOLDERS, advice, noted
from runtime.settings import Settings, load

NOTHING = "Where `aura up` runs in another folder, set AURA_DATA_DIR to its .aura."


@pytest.fixture
def here(tmp_path: Path) -> Settings:
    return load(_env_file=None, data_dir=tmp_path / "here", cache_dir=tmp_path / "cache")


def a_folder(tmp_path: Path, name: str) -> Path:
    folder = tmp_path / name
    folder.mkdir()
    return folder


def note(here: Settings, process: str, data: Path) -> Path:
    """Leave the note of another process."""
    folder = here.cache_dir / "running"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / process).write_text(str(data), encoding="utf-8")
    return folder / process


def test_where_no_aura_runs_elsewhere_nothing_is_advised(here: Settings) -> None:
    assert advice(here) == NOTHING


def test_a_running_aura_is_found_as_long_as_it_runs(here: Settings, tmp_path: Path) -> None:
    there = a_folder(tmp_path, "there")
    with noted(here, there):
        assert advice(here) == f"An `aura up` runs elsewhere: set AURA_DATA_DIR={there}."
    assert advice(here) == NOTHING
    assert not list((here.cache_dir / "running").iterdir())


def test_the_own_folder_is_not_elsewhere(here: Settings) -> None:
    here.data_dir.mkdir()
    with noted(here, here.data_dir):
        assert advice(here) == NOTHING


def test_the_note_of_a_killed_process_is_removed(here: Settings, tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", "import os; print(os.getpid())"], check=True, capture_output=True
    )
    left = note(here, ended.stdout.decode().strip(), a_folder(tmp_path, "there"))
    huge = note(here, "9" * 30, tmp_path / "there")
    assert advice(here) == NOTHING
    assert not left.exists()
    assert not huge.exists()


def test_files_that_are_no_notes_and_folders_that_are_gone_are_ignored(
    here: Settings, tmp_path: Path
) -> None:
    other = note(here, "read.me", tmp_path)
    note(here, str(os.getpid()), tmp_path / "gone")
    assert advice(here) == NOTHING
    assert other.exists()


def test_few_of_many_are_told(
    here: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "kill", lambda *_: None)
    for number in range(MOST_TOLD_FOLDERS + 2):
        note(here, str(100 + number), a_folder(tmp_path, f"there{number}"))
    assert advice(here).count("AURA_DATA_DIR=") == MOST_TOLD_FOLDERS


def test_a_cache_that_cannot_be_written_stops_no_aura(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file")
    here = load(_env_file=None, data_dir=tmp_path / "here", cache_dir=tmp_path / "cache")
    with noted(here, tmp_path):
        assert advice(here) == NOTHING
