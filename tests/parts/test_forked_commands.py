"""A forked `aura` is like a started one from outside: what it says, its exit code, its signals."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import forked_commands
from tests.aura_process import alive
from tests.forked_commands import COMMAND, FRESH, pid_behind


@pytest.fixture(scope="module", autouse=True)
def _started() -> None:
    forked_commands.start()


@pytest.mark.parametrize("arguments", [["--version"], ["worker", "none"], ["call", "none.wav"]])
def test_it_says_and_ends_as_python_does(tmp_path: Path, arguments: list[str]) -> None:
    ended = [
        subprocess.run(
            [*command, *arguments],
            cwd=tmp_path,
            env={**os.environ, "AURA_DATA_DIR": str(tmp_path), "COLUMNS": "100"},
            capture_output=True,
            text=True,
            check=False,
        )
        for command in (COMMAND, FRESH)
    ]
    forked, fresh = [(one.returncode, one.stdout, one.stderr) for one in ended]
    assert forked == fresh


@pytest.fixture
def console(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A command that runs until it is told to stop, and needs no bus."""
    process = subprocess.Popen(
        [*COMMAND, "console", "--port", "0"],
        env={**os.environ, "AURA_DATA_DIR": str(tmp_path)},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    with process.stdout:
        while "goes on in a browser" not in process.stdout.readline():
            assert process.poll() is None
        yield process
    process.kill()
    process.wait()


def test_a_signal_reaches_it(console: subprocess.Popen[str]) -> None:
    console.send_signal(signal.SIGINT)
    assert console.wait(10) == 0


def test_its_death_is_told_as_it_was(console: subprocess.Popen[str]) -> None:
    behind = pid_behind(console.pid)
    assert behind
    os.kill(behind, signal.SIGKILL)
    assert console.wait(10) == -signal.SIGKILL


def test_it_does_not_outlive_its_relay(console: subprocess.Popen[str]) -> None:
    behind = pid_behind(console.pid)
    assert behind
    console.kill()
    until = time.monotonic() + 10
    while alive(behind) and time.monotonic() < until:
        time.sleep(0.02)
    assert not alive(behind)
