"""How a command runs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

PROGRAM = """
import structlog
from aura.cli.running import run

async def work():
    structlog.get_logger().warning("a trifle")
    structlog.get_logger().error("something")
    print("[]")
    return 3

run(work())
"""


def test_logs_of_a_command_are_kept_out_of_its_output() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=False
    )
    assert done.stdout == "[]\n"
    assert "something" in done.stderr
    assert "trifle" not in done.stderr


A_ROLE = """
from contextlib import suppress
import typer
from aura.cli.running import role
from runtime.settings import load

async def work():
    return 0

with suppress(typer.Exit):
    role(load(), "edge", work())
"""


def test_a_process_says_that_it_takes_settings_from_the_folder_it_is_started_in(
    tmp_path: Path,
) -> None:
    def said() -> str:
        return subprocess.run(
            [sys.executable, "-c", A_ROLE], capture_output=True, text=True, check=True, cwd=tmp_path
        ).stdout

    assert "env_file_read" not in said()
    (tmp_path / ".env").write_text("AURA_LLM_BASE_URL=http://elsewhere.example\n")
    assert str(tmp_path / ".env") in said()


def test_a_command_says_on_stderr_that_it_takes_settings_from_the_folder(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("AURA_VOICES_DIR=/elsewhere\n")
    command = [sys.executable, "-m", "aura.cli.main", "models", "list"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=tmp_path)
    assert done.stderr == f"aura: {tmp_path}/.env sets AURA_VOICES_DIR\n"
    assert "/elsewhere" not in done.stdout
