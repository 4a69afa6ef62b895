"""The share of a good call's CPU that goes into the limits of the door.

    python -m benchmarks.limits_cost        # 100 calls; a number after it: as many

py-spy looks at the edge some hundred times a second; $AURA_PY_SPY says where it is (by default on
the PATH; `pip install py-spy`). A look counts for the limits if what runs is one of LIMITS, or a
line elsewhere that counts for them. The edge stands still for each look, so that the line is the
right one. The machine's other load changes the share little: frames that it delays come in bursts,
which cost more.

Two shares are told: that of the edge's CPU, and that of all processes of Aura. The engines are
simulated and cost next to nothing, so real ones make the second share smaller.
"""

import asyncio
import linecache
import math
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import uvloop

from benchmarks import aura_server
from benchmarks.latency import machine
from benchmarks.realtime import CALLS, measure
from benchmarks.results import save
from benchmarks.simulated_calls import CONTINUOUS, ENGINES, SECONDS, TURN_EVERY_S
from benchmarks.soak import processes

ROOT = Path(__file__).parent.parent
LIMITS = (
    "edge/door/limits/",
    "edge/door/audio/file_admission.py",
    "edge/call/quotas.py",
    "runtime/common_share.py",
    "runtime/buckets.py",
)
CALLERS = ("edge/door/", "edge/call/")
COUNTS = re.compile(
    r"budget|pace\b|_audio_bytes\b|_kept\b|self\._buffer\b|job_slots\b|stopwatch\b|_quota\b"
)
LINE = re.compile(r"\(([^()]+\.py):(\d+)\)$")
LOOKS_PER_SECOND, ROUNDS = 250, 6
WARM_UP_S = TURN_EVERY_S
"""All calls have begun by then: a call of minutes opens once."""


def is_of_limits(stack: str) -> bool:
    """Tell whether what runs, at the end of *stack*, counts for the limits."""
    if not (match := LINE.search(stack)):
        return False
    file = Path(match[1])
    name = str(file.relative_to(ROOT)) if file.is_relative_to(ROOT) else match[1]
    line = linecache.getline(str(file), int(match[2])) if name.startswith(CALLERS) else ""
    return name.startswith(LIMITS) or bool(COUNTS.search(line))


def share(recorded: str) -> dict[str, float]:
    """Return what py-spy *recorded* (its format `raw`) says of the limits."""
    looks, of_limits = 0, 0
    for stack, _, count in (line.rpartition(" ") for line in recorded.splitlines()):
        looks += int(count)
        of_limits += int(count) * is_of_limits(stack)
    return {
        "looks": looks,
        "limits_percent": round(100 * of_limits / looks, 2),
        "give_or_take_percent": round(200 * math.sqrt(max(1, of_limits)) / looks, 2),
    }


async def hold(url: str, edge: Any, calls: int, into: str) -> dict[str, Any]:
    """Hold *calls*, and have py-spy look at the *edge* meanwhile."""
    calling = asyncio.create_task(measure(url, edge, CONTINUOUS, calls))
    await asyncio.sleep(WARM_UP_S)
    looker = os.environ.get("AURA_PY_SPY") or shutil.which("py-spy")
    if not looker:
        sys.exit("py-spy is needed: pip install py-spy")
    rate, seconds = str(LOOKS_PER_SECOND), str(int(SECONDS - WARM_UP_S))
    spy = await asyncio.create_subprocess_exec(
        *(looker, "record", "--pid", str(edge.pid), "--rate", rate, "--duration", seconds),
        *("--format", "raw", "--output", into),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    if await spy.wait():
        sys.exit("py-spy may not look at the edge, or failed")
    return await calling


def cpu_s(pid: int) -> dict[str, float]:
    """Return the CPU time so far of the processes of the Aura *pid*, by role."""
    return {
        role: sum(processes.cpu_s(process) for process in group)
        for role, group in processes.of(pid).items()
    }


def main() -> None:
    calls = next((int(argument) for argument in sys.argv[1:] if argument.isdigit()), CALLS)
    held, looks = [], ""
    with (
        tempfile.TemporaryDirectory() as folder,
        aura_server.running(**ENGINES) as (url, process),
    ):
        edge, into = processes.of(process.pid)["edge"][0], f"{folder}/looks"
        before = cpu_s(process.pid)
        for _ in range(ROUNDS):
            held.append(uvloop.run(hold(url, edge, calls, into)))
            looks += Path(into).read_text(encoding="utf-8")
        used = {role: after - before[role] for role, after in cpu_s(process.pid).items()}
    costs = share(looks)
    of_all = used["edge"] / sum(used.values())
    costs["limits_percent_of_all"] = round(costs["limits_percent"] * of_all, 2)
    print(
        f"{costs['limits_percent']} % +- {costs['give_or_take_percent']} of the edge's CPU, "
        f"{costs['limits_percent_of_all']} % of that of all processes"
    )
    shares = {role: round(s / sum(used.values()), 3) for role, s in used.items()}
    save("limits_cost", machine=machine(), calls=held, cpu_shares=shares, **costs)


if __name__ == "__main__":
    main()
