"""Runs many `aura` commands in the time of a few: each in a fork of a process that has loaded all.

    python -m tests.forked_commands < jobs.json > results.json

A job has `argv` (without `aura`), `env`, `cwd`, and `for_s` where it runs until Ctrl-C: it is
interrupted after so long, and is then to end in order.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

AT_ONCE = 8
"""Most of them wait."""
PATIENCE_S = 40.0


def load() -> None:
    """Import what the commands import, so that no fork has to."""
    import aiohttp  # noqa: F401, PLC0415
    import numpy as np  # noqa: F401, PLC0415
    import typer.rich_utils  # noqa: F401, PLC0415

    import aura.cli.call  # noqa: PLC0415
    import aura.cli.replay  # noqa: PLC0415
    import aura.cli.show  # noqa: F401, PLC0415
    import runtime.bus.connection  # noqa: F401, PLC0415


def begin(job: dict[str, Any], out: Path) -> int:
    """Start *job* with its output in *out*; return its process."""
    if pid := os.fork():
        return pid
    code = 70
    try:
        os.setsid()
        os.chdir(job["cwd"])
        os.environ.clear()
        os.environ.update(job["env"])
        file = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(file, 1)
        os.dup2(file, 2)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        sys.argv = ["aura", *job["argv"]]
        from aura.cli.main import main  # noqa: PLC0415

        try:
            main()
            code = 0
        except SystemExit as left:
            code = left.code if isinstance(left.code, int) else int(left.code is not None)
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(code)


def main() -> None:
    jobs: list[dict[str, Any]] = json.load(sys.stdin)
    load()
    waiting = list(enumerate(jobs))
    running: dict[int, tuple[int, float, float]] = {}
    results: list[dict[str, Any]] = [{} for _ in jobs]
    with tempfile.TemporaryDirectory() as folder:
        while waiting or running:
            while waiting and len(running) < AT_ONCE:
                number, job = waiting.pop(0)
                pid = begin(job, Path(folder) / str(number))
                now = time.monotonic()
                running[pid] = (number, now + job.get("for_s", PATIENCE_S), now)
            pid, status = os.waitpid(-1, os.WNOHANG)
            if not pid:
                for one, (number, until, began) in list(running.items()):
                    if time.monotonic() > until:
                        results[number]["interrupted"] = True
                        os.kill(one, signal.SIGINT)
                        running[one] = (number, time.monotonic() + PATIENCE_S, began)
                time.sleep(0.02)
                continue
            number, _, began = running.pop(pid)
            text = (Path(folder) / str(number)).read_text(encoding="utf-8", errors="replace")
            took_s = round(time.monotonic() - began, 2)
            code = os.waitstatus_to_exitcode(status)
            results[number] |= {"code": code, "said": text, "took_s": took_s}
    json.dump(results, sys.stdout)


if __name__ == "__main__":
    main()
