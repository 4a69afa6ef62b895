"""The project's own suite, held by `aura eval` against the real engines."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from tests.aura_process import FRESH, AuraProcess

SUITE = Path(__file__).with_name("suite.yaml")


def test_our_own_scenarios_hold(aura: AuraProcess) -> None:
    done = subprocess.run(
        [*FRESH, "eval", str(SUITE)],
        env={**os.environ, "AURA_URL": aura.url, "COLUMNS": "160"},
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
