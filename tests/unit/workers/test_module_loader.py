"""A module is loaded from the folder of the command, or the error says what is missing."""

import sys
from pathlib import Path

import pytest

from workers.module_loader import ModuleNotLoadedError, load_module


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))


def test_a_module_of_the_folder_is_loaded(tmp_path: Path) -> None:
    (tmp_path / "parrot_of_a_test.py").write_text("NAME = 'Polly'")
    assert load_module("parrot_of_a_test").NAME == "Polly"


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("nowhere_at_all", None, "there is no module 'nowhere_at_all'"),
        ("nowhere_at_all.inside", None, "there is no module"),
        ("needs_more_of_a_test", "import nowhere_at_all", "needs nowhere_at_all"),
        ("broken_of_a_test", "from pathlib import nothing", "cannot be imported"),
        ("", None, "cannot be imported"),
    ],
)
def test_the_error_says_why(tmp_path: Path, name: str, text: str | None, said: str) -> None:
    if text:
        (tmp_path / f"{name}.py").write_text(text)
    with pytest.raises(ModuleNotLoadedError, match=said):
        load_module(name)
