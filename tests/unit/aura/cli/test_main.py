"""The table of commands."""

from __future__ import annotations

import subprocess
import sys

import pytest
from typer.testing import CliRunner

from aura.cli.main import COMMANDS, command_line

NAMES = [one.name for commands in COMMANDS.values() for one in commands]
HEAVY = ("nats", "aiohttp", "pydantic", "numpy", "structlog", "runtime.settings")


@pytest.mark.parametrize("name", NAMES)
def test_every_command_is_there_and_says_what_it_does(name: str) -> None:
    found = CliRunner().invoke(command_line(name), [name, "--help"])
    assert found.exit_code == 0, found.output
    assert f" {name} " in found.output


def test_help_names_all_commands_and_loads_none_of_them() -> None:
    code = (
        "import sys; sys.argv = ['aura', '--help']\n"
        "from aura.cli.main import main\n"
        "try: main()\nexcept SystemExit: pass\n"
        f"sys.exit(','.join(one for one in {HEAVY} if one in sys.modules) or 0)"
    )
    found = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert found.returncode == 0, found.stderr
    assert all(f" {name} " in found.stdout for name in NAMES)
