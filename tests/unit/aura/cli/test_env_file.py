"""The settings that a process takes from the folder it is started in."""

from __future__ import annotations

from pathlib import Path

import pytest

from aura.cli import env_file
from runtime.settings import Settings, SettingsError, env_name, load

BUS = "nats://elsewhere.example:4222"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("NATS_URL", raising=False)
    return tmp_path


def write(folder: Path, *lines: str) -> None:
    (folder / ".env").write_text("\n".join(lines))


def test_a_command_says_which_settings_the_folder_brings(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(folder, f"NATS_URL={BUS}", "export aura_llm_api_key='hidden'", "OTHER=1", "AURA_X=1")
    env_file.say()
    output = capsys.readouterr()
    assert output.err == f"aura: {folder}/.env sets AURA_LLM_API_KEY, NATS_URL\n"
    assert not output.out


@pytest.mark.parametrize("variable", ["NATS_URL", "nats_url", "AURA_NATS_URL"])
def test_each_name_by_which_a_setting_is_read_is_said(folder: Path, variable: str) -> None:
    write(folder, f"{variable}={BUS}")
    assert load().nats_url == BUS
    assert env_file.settings_in_force() == (folder / ".env", [variable.upper()])


def test_every_setting_is_known(folder: Path) -> None:
    every = sorted(env_name(field) for field in Settings.model_fields)
    write(folder, *(f"{name}=1" for name in every))
    assert env_file.settings_in_force() == (folder / ".env", every)


@pytest.mark.parametrize("lines", [(), ("OTHER=1",), ("NATS_URL",)])
def test_a_file_that_sets_nothing_of_aura_is_not_said(folder: Path, lines: tuple[str]) -> None:
    write(folder, *lines)
    assert env_file.settings_in_force() is None


def test_what_the_environment_says_instead_is_not_said(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NATS_URL", "nats://127.0.0.1:1")
    write(folder, f"NATS_URL={BUS}")
    assert env_file.settings_in_force() is None


def test_without_a_file_nothing_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    env_file.say()
    assert capsys.readouterr() == ("", "")


def test_a_file_that_is_no_text_is_said_in_one_line(folder: Path) -> None:
    (folder / ".env").write_bytes(b"NATS_URL=\xff\n")
    for reads in (env_file.say, load):
        with pytest.raises(SettingsError, match=r"\.env: it is no text in UTF-8"):
            reads()
