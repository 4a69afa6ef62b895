"""A list of models is a look at what is there: nothing is read, joined or written."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from aura.cli.main import command_line
from workers.engines import weights
from workers.engines.pinned import PINNED, PinnedWeights


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(command_line("models"), ["models", *arguments])
    return result.exit_code, result.output


def test_listing_leaves_no_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AURA_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    code, output = run("list")
    assert code == 0
    assert all(line.startswith(("here", "absent")) for line in output.splitlines()), output
    assert all(name in output for name in PINNED)
    assert "failed" not in output.lower()
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def split(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> PinnedWeights:
    """A model in two packages, one of which is installed."""
    (package := tmp_path / "site" / "half_one").mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "part").write_bytes(b"x")
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    known = PinnedWeights(
        extra="stt",
        setting="AURA_STT_MODEL",
        parts=(("half_one", "part"), ("half_two", "part")),
        file="model.bin",
        sha256="0" * 64,
    )
    monkeypatch.setitem(PINNED, "split", known)
    return known


@pytest.mark.usefixtures("split")
def test_a_missing_model_is_reported_with_the_way_to_get_it(tmp_path: Path) -> None:
    assert "half-two" in weights.missing("split", tmp_path / "cache")
    (package := tmp_path / "site" / "half_two").mkdir()
    (package / "__init__.py").touch()
    assert "installed without part" in weights.missing("split", tmp_path / "cache")
    (package / "part").write_bytes(b"y")
    assert weights.missing("split", tmp_path / "cache") == ""
    assert not (tmp_path / "cache").exists()


@pytest.mark.usefixtures("split")
def test_a_check_reads_them_and_says_which_are_damaged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AURA_CACHE_DIR", str(tmp_path / "cache"))
    for name in list(PINNED):
        if name != "split":
            monkeypatch.delitem(PINNED, name)
    assert run("check") == (0, "")
    (package := tmp_path / "site" / "half_two").mkdir()
    (package / "__init__.py").touch()
    (package / "part").write_bytes(b"y")
    result = CliRunner().invoke(command_line("models"), ["models", "check"])
    assert "SHA-256" in str(result.exception)
