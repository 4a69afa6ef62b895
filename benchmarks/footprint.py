"""Memory of each process after a call, and its time to become ready."""

import asyncio
import subprocess
import sys
import time
from typing import Any

from benchmarks import aura_server, recordings
from benchmarks.client import ask_all
from benchmarks.latency import machine
from benchmarks.results import save
from benchmarks.soak import processes
from schemas.stages import STAGE_NAMES

READY: dict[str, str] = {"edge": "edge_ready", **dict.fromkeys(STAGE_NAMES, "worker_ready")}


def main() -> None:
    """Measure and write results/footprint.json."""
    rows: list[dict[str, Any]] = []
    with aura_server.running() as (url, process):
        asyncio.run(ask_all(url, [recordings.spoken()["u0"]], 2))
        ours = processes.of(process.pid)
        memory = {role: those[0].memory_info().rss / 2**20 for role, those in ours.items()}
        env = [*ours.values()][-1][0].environ()
        rows += [
            {"role": role, "rss_mib": memory[role], "ready_s": _ready(role, env)} for role in READY
        ]
        rows.append({"role": "nats-server", "rss_mib": memory["nats-server"], "ready_s": 0.1})
    save("footprint", machine=machine(), rows=rows)
    for row in rows:
        print(row)


def _ready(role: str, env: dict[str, str]) -> float:
    """Return the seconds from starting one more process of *role* until it is ready."""
    env = {**env, "PORT": "0", "LOG_LEVEL": "INFO"}
    arguments = ["edge"] if role == "edge" else ["worker", role]
    began = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-m", "aura.cli.main", *arguments],
        env=env,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    for line in process.stdout:
        if READY[role] in line:
            break
    took = time.monotonic() - began
    process.terminate()
    process.wait(20)
    return took


if __name__ == "__main__":
    main()
