"""The table of commands."""

from __future__ import annotations

import subprocess
import sys

import pytest
from typer.testing import CliRunner

from aura.cli.main import COMMANDS, command_line
from aura.cli.running import CommandError

NAMES = [one.name for commands in COMMANDS.values() for one in commands]
HEAVY = ("nats", "aiohttp", "pydantic", "numpy", "structlog", "runtime.settings")


@pytest.mark.parametrize("name", NAMES)
def test_every_command_exists_and_has_a_help_line(name: str) -> None:
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


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ("--tools recorded", "--tools does nothing without --drive"),
        ("--tools recorded --decide", "--tools does nothing without --drive"),
        ("--eagerness=", "--eagerness does nothing without --decide or --drive"),
        ("--no-speculate --drive", "--speculate does nothing without --decide"),
        ("--decide --drive", "--decide and --drive are two ways"),
        ("s_2", "with --decide"),
    ],
)
def test_an_option_of_a_replay_without_effect_is_refused_whatever_its_value(
    options: str, words: str
) -> None:
    found = CliRunner().invoke(command_line("replay"), ["replay", "s_1", *options.split()])
    assert isinstance(found.exception, CommandError)
    assert words in str(found.exception)


def loaded(code: str, watched: tuple[str, ...]) -> list[str]:
    """Return those of *watched* that are loaded once a process has run *code*."""
    found = subprocess.run(
        [
            sys.executable,
            "-c",
            f"{code}\nimport sys\nprint(*[m for m in {watched} if m in sys.modules])",
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    return found.stdout.split()


def test_no_command_loads_an_engine_or_a_database_before_it_needs_it() -> None:
    slow = ("duckdb", "ctranslate2", "faster_whisper", "onnxruntime", "piper", "openai", "av")
    code = "from importlib import import_module\n" + "\n".join(
        f"import_module('aura.cli.{one.module}')" for some in COMMANDS.values() for one in some
    )
    assert loaded(code, (*slow, "sounddevice", "xllamacpp", "mcp")) == []


def test_a_command_that_talks_to_the_bus_alone_starts_without_http_and_arithmetic() -> None:
    quick = [one.module for some in COMMANDS.values() for one in some if one.quick]
    code = (
        "from importlib import import_module\nfrom aura.cli.fast_start import without_aiohttp\n"
        f"with without_aiohttp():\n    for name in {quick}: import_module('aura.cli.' + name)"
    )
    assert loaded(code, ("numpy", "aiohttp.client")) == []


OF_A_CALL = {"call", "talk", "demo", "eval"}
"""They hear and speak: arithmetic and HTTP are what they do."""


def test_a_command_that_makes_no_call_starts_without_arithmetic() -> None:
    others = [one.module for some in COMMANDS.values() for one in some if one.name not in OF_A_CALL]
    code = "from importlib import import_module\n"
    code += f"for name in {others}: import_module('aura.cli.' + name)"
    assert loaded(code, ("numpy", "edge.app", "workers.main")) == []


def test_a_service_starts_without_what_draws_tables() -> None:
    code = "from aura.cli.main import command_line\ncommand_line('edge')\n"
    assert loaded(code + "import edge.main, workers.main", ("rich",)) == []


def test_the_report_is_drawn_without_http_and_arithmetic() -> None:
    code = (
        "from aura.cli.fast_start import without_aiohttp\n"
        "from aura.cli.reporting import page, queries\nimport runtime.prices\n"
        "with without_aiohttp():\n    from workers.analytics import plugin_loader, warehouse"
    )
    assert loaded(code, ("numpy", "aiohttp.client", "edge.protocols")) == []
