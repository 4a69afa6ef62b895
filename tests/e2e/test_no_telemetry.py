"""What an engine's library would tell its maker about this machine stays untold."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.e2e

SPEAK = """
import sys
from runtime.settings import load
from workers.engines import factory
factory.synthesizer(load(_env_file=None, tts_engine="piper", cache_dir=sys.argv[1])).warm()
"""


def test_a_voice_leaves_no_device_id_and_queues_nothing_to_be_sent(tmp_path: Path) -> None:
    quiet_in_ci = {"CI", "GITHUB_ACTIONS", "TF_BUILD", "ORT_DISABLE_TELEMETRY", "XDG_CACHE_HOME"}
    env = {name: value for name, value in os.environ.items() if name not in quiet_in_ci}
    home, cache = tmp_path / "home", tmp_path / "cache"
    home.mkdir()
    subprocess.run(
        [sys.executable, "-c", SPEAK, str(cache)],
        env=env | {"HOME": str(home)},
        check=True,
        timeout=60,
    )
    assert list(home.rglob("*")) == []
