"""The demo of a booking: what it needs, and what is told where that is missing."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from aura.cli import demo_restaurant
from aura.cli.demo_restaurant import FOLDER, demo
from aura.cli.running import CommandError
from runtime.settings import Settings, load


def settings(tmp_path: Path, model: str = "") -> Settings:
    return load(_env_file=None, cache_dir=tmp_path, llm_model=model)


def test_its_agents_and_tools_are_those_of_the_example() -> None:
    assert (FOLDER / "agents" / "host.yaml").is_file()
    assert (FOLDER / "tables.py").is_file()


async def test_outside_a_clone_it_says_where_to_run_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demo_restaurant, "FOLDER", tmp_path / "nowhere")
    with pytest.raises(CommandError, match="in a clone of Aura"):
        await demo(settings(tmp_path, "m"))


async def test_a_model_that_cannot_be_fetched_ends_it_with_the_other_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demo_restaurant, "AURA", (sys.executable, "-c", "raise SystemExit(1)"))
    with pytest.raises(CommandError, match="AURA_LLM_MODEL"):
        await demo(settings(tmp_path))
