"""The table of settings names each once, with its kind, and shows no secret."""

from __future__ import annotations

import pytest

from aura.cli.settings_table import command, rows
from runtime.settings import Settings, env_name


def test_each_setting_is_listed_once_with_a_meaning() -> None:
    names = [variable for variable, *_ in rows()]
    assert sorted(names) == sorted(env_name(name) for name in Settings.model_fields)
    assert [variable for variable, _, _, meaning in rows() if not meaning.strip()] == []


@pytest.mark.parametrize(
    ("variable", "kind", "default"),
    [
        ("PORT", "int", "8000"),
        ("AURA_VAD", "auto or silero or webrtc", "auto"),
        ("AURA_JWT_SECRET", "secret", ""),
        ("AURA_DEMO_TOKEN", "secret", "demo_token"),
        ("AURA_TTS_VOICES", "JSON", ""),
        ("DEBUG", "bool", "True"),
    ],
)
def test_a_setting_has_its_kind_and_default(variable: str, kind: str, default: str) -> None:
    ((_, found, value, _),) = [row for row in rows() if row[0] == variable]
    assert (found, value) == (kind, default)


def test_the_command_prints_a_row_for_each(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "500")
    command()
    heads, *lines = capsys.readouterr().out.splitlines()
    assert heads.split() == ["Variable", "Kind", "Default", "Meaning"]
    assert [line.split()[0] for line in lines] == [variable for variable, *_ in rows()]
