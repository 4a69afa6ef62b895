"""How a command runs."""

from __future__ import annotations

import subprocess
import sys

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


def test_what_a_command_logs_stays_out_of_what_it_prints() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=False
    )
    assert done.stdout == "[]\n"
    assert "something" in done.stderr
    assert "trifle" not in done.stderr
