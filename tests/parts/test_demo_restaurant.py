"""The demo of a booking: what it needs, and what is told where that is missing."""

from __future__ import annotations

from pathlib import Path

import pytest

from aura.cli.demo_restaurant import EXAMPLE_FOLDER, demo
from aura.cli.running import CommandError
from runtime.settings import load


def test_its_agents_and_tools_are_those_of_the_example() -> None:
    assert (EXAMPLE_FOLDER / "agents" / "host.yaml").is_file()
    assert (EXAMPLE_FOLDER / "tables.py").is_file()


async def test_outside_a_clone_it_says_where_to_run_it(
    tmp_path: Path,
) -> None:
    with pytest.raises(CommandError, match="in a clone of Aura"):
        await demo(load(_env_file=None, llm_model="m"), tmp_path / "nowhere")


async def test_a_model_that_cannot_be_fetched_ends_it_with_the_other_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    no_folder = tmp_path / "file"
    no_folder.touch()
    monkeypatch.setenv("AURA_CACHE_DIR", str(no_folder))
    with pytest.raises(CommandError, match="AURA_LLM_MODEL"):
        await demo(load(_env_file=None, llm_model=""))
