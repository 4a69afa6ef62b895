"""The processes of `aura demo`: what they are told, and what is heard of them."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest

from aura.cli.demo import QUESTION, Scene, _environment, _line, _stop, command
from aura.cli.running import CommandError
from runtime.settings import load


async def python(code: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-u", "-c", code, stdout=asyncio.subprocess.PIPE
    )


@pytest.mark.parametrize("quiet", [True, False])
async def test_it_waits_for_a_line_and_shows_those_before_it(
    capsys: pytest.CaptureFixture[str], *, quiet: bool
) -> None:
    process = await python("print('one'); print('it is ready'); import time; time.sleep(60)")
    await asyncio.wait_for(_line(process, "ready", quiet=quiet), 20)
    assert capsys.readouterr().out == ("" if quiet else "one\n")
    await asyncio.wait_for(_stop(process), 20)
    assert process.returncode == -15
    await _stop(process)  # once more has no effect


@pytest.mark.parametrize(("code", "exits"), [(3, 3), (0, 1)])
async def test_a_process_that_ends_before_it_is_ready_ends_the_demo(code: int, exits: int) -> None:
    process = await python(f"raise SystemExit({code})")
    with pytest.raises(SystemExit) as left:
        await _line(process, "ready")
    assert left.value.code == exits


def test_a_demo_leaves_the_operator_s_own_aura_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AURA_DATA_DIR", "/their/own")
    monkeypatch.setenv("AURA_LLM_MODEL", "theirs")
    here = load(_env_file=None, data_dir=tmp_path, port=1234, host="127.0.0.1")
    found = _environment(here, Scene(QUESTION, {"AURA_LLM_MODEL": "of the demo"}))
    assert (found["AURA_DATA_DIR"], found["PORT"]) == (str(tmp_path), "1234")
    assert (found["HOST"], found["AURA_CONSOLE"]) == ("127.0.0.1", "false")
    assert found["AURA_LLM_MODEL"] == "of the demo"


def test_another_demo_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(CommandError, match="aura demo restaurant"):
        command("cinema")
