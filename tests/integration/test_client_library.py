"""The JavaScript client library, tested by Node: its arithmetic, and calls of a running Aura."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.aura_process import AuraProcess

TESTS = Path(__file__).parents[2] / "clients" / "js" / "test"
NODE = shutil.which("node")
WEBSOCKETS_SINCE = 22

pytestmark = pytest.mark.skipif(
    NODE is None, reason="NOT TESTED HERE: the client library needs node (apt-get install nodejs)"
)


def run(file: str, **env: str) -> None:
    """Run the tests in *file*."""
    assert NODE
    version = subprocess.run([NODE, "--version"], capture_output=True, text=True, check=True).stdout
    older = int(version.removeprefix("v").partition(".")[0]) < WEBSOCKETS_SINCE
    flags = ["--experimental-websocket"] if older else []
    done = subprocess.run(
        [NODE, *flags, "--test", str(TESTS / file)],
        env={**os.environ, **env},
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]


@pytest.mark.parametrize("file", ["sound.test.mjs", "story.test.mjs"])
def test_what_needs_no_server(file: str) -> None:
    run(file)


def test_calls(simulated: AuraProcess) -> None:
    run("call.test.mjs", AURA_URL=simulated.url)
