"""A command finds the Aura of its folder, and its exit code is that of its work."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
import typer

from aura.cli.running import run, running_url
from runtime.settings import Settings, load


def here(folder: Path) -> Settings:
    return load(_env_file=None, data_dir=folder, port=8123)


def test_the_running_aura_says_where_it_listens(tmp_path: Path) -> None:
    (tmp_path / "up.json").write_text('{"url": "https://127.0.0.1:9000"}')
    assert running_url(here(tmp_path)) == "https://127.0.0.1:9000"


@pytest.mark.parametrize("content", [None, "", "{}", "no JSON"])
def test_without_one_it_is_looked_for_at_the_port_of_the_settings(
    tmp_path: Path, content: str | None
) -> None:
    if content is not None:
        (tmp_path / "up.json").write_text(content)
    assert running_url(here(tmp_path)) == "http://127.0.0.1:8123"


@pytest.mark.parametrize("code", [0, 3])
def test_a_command_exits_with_the_code_of_its_work(code: int) -> None:
    async def work() -> int:
        await asyncio.sleep(0)
        return code

    with pytest.raises(typer.Exit) as left:
        run(work())
    assert left.value.exit_code == code


def test_an_error_of_the_work_is_not_hidden() -> None:
    async def work() -> int:
        raise KeyError("fault")

    with pytest.raises(KeyError):
        run(work())
