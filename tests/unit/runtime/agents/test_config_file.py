"""The files of a folder are read, and all broken ones are told."""

from __future__ import annotations

from pathlib import Path

import pytest

from runtime.agents.config_file import BrokenFilesError, ConfigFileError, files_in
from runtime.agents.file import load, load_all
from schemas.agent import MOST_CONFIG_FILE_BYTES

GOOD = """\
description: Answers the phone
prompt: |
  You are the host of {{place}}.
  The guest is {{guest}}.
greeting: "{{place}}, good evening!"
language: en
model: {name: m, max_tokens: 80, temperature: 0.3}
turns:
  eagerness: low
interruption:
  min_words: 2
variables:
  place: {default: Da Luigi}
  guest:
    callers_may_set: true
    max_chars: 60
callers:
  may_set: [language]
"""


def test_a_file_has_the_name_of_its_agent(tmp_path: Path) -> None:
    file = tmp_path / "host.yaml"
    file.write_text(GOOD, encoding="utf-8")
    name, text, agent = load(file)
    assert (name, text, agent.language) == ("host", GOOD, "en")


@pytest.mark.parametrize("name", ["a b.yaml", "host.json", ".yaml", "a.b.yaml", "é.yaml"])
def test_a_file_that_names_no_agent_is_told(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("{}", encoding="utf-8")
    with pytest.raises(ConfigFileError, match=r"NAME\.yaml"):
        load(tmp_path / name)


def test_an_unreadable_file_is_reported_with_its_path(tmp_path: Path) -> None:
    (tmp_path / "host.yaml").write_bytes(b"language: en\nprompt: \xff\n")
    with pytest.raises(ConfigFileError, match=r"host\.yaml:2: no UTF-8"):
        load(tmp_path / "host.yaml")
    with pytest.raises(ConfigFileError, match="No such file"):
        load(tmp_path / "nobody.yaml")
    (tmp_path / "big.yaml").write_text("prompt: " + "x" * MOST_CONFIG_FILE_BYTES, encoding="utf-8")
    with pytest.raises(ConfigFileError, match="longer than"):
        load(tmp_path / "big.yaml")
    (tmp_path / "empty").mkdir()
    with pytest.raises(ConfigFileError, match="no agent is there"):
        files_in(tmp_path / "empty", "agent")


def test_all_broken_files_of_a_folder_are_told_together(tmp_path: Path) -> None:
    (tmp_path / "good.yaml").write_text("{}", encoding="utf-8")
    (tmp_path / "one.yaml").write_text("langage: en\n", encoding="utf-8")
    (tmp_path / "two.yaml").write_text("prompt: [\n", encoding="utf-8")
    (tmp_path / "notes.txt").write_text("not one", encoding="utf-8")
    with pytest.raises(BrokenFilesError) as refused:
        load_all([tmp_path])
    assert [Path(str(error).split(":")[0]).name for error in refused.value.errors] == [
        "one.yaml",
        "two.yaml",
    ]
    (tmp_path / "one.yaml").unlink()
    (tmp_path / "two.yaml").unlink()
    assert load_all([tmp_path]) == {"good": "{}"}
    with pytest.raises(BrokenFilesError, match="another file describes good, too"):
        load_all([tmp_path, tmp_path / "good.yaml"])
