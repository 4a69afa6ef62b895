"""The HTTP endpoints against their OpenAPI document, asked in every way that schemathesis knows."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.aura_process import AuraProcess

OPENAPI = Path(__file__).parents[2] / "schemas" / "openapi.json"


def test_every_answer_is_as_documented_and_none_is_a_server_error(
    simulated: AuraProcess, tmp_path: Path
) -> None:
    before = len(simulated.said())
    done = subprocess.run(
        [
            *(str(Path(sys.executable).parent / "schemathesis"), "run", str(OPENAPI)),
            *("--url", simulated.url, "--max-examples", "200", "--seed", "1", "--no-color"),
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    assert "Traceback" not in simulated.said()[before:]
