"""`make bench`: all measurements, one after the other; the README's tables are made from them.

    python -m benchmarks                # all of `make bench`
    python -m benchmarks latency bus    # those named, and any other module of this folder

Results go to benchmarks/results; `make readme` makes the tables from them.
"""

import importlib.util
import subprocess
import sys

from benchmarks import (
    agents,
    bus,
    density,
    eot_accuracy,
    false_cutoffs,
    footprint,
    latency,
    sessions,
)

WHICH = {
    "bus": bus.main,
    "footprint": footprint.main,
    "density": density.main,
    "eot_accuracy": eot_accuracy.main,
    "false_cutoffs": false_cutoffs.main,
    "sessions": sessions.main,
    "agents": agents.main,
    "latency": latency.main,
}


APART = ("stt_throughput", "pauses", "realtime")
"""Each in a process of its own."""


def main() -> None:
    """Run those named on the command line, or all."""
    names = sys.argv[1:] or [*WHICH, *APART]
    if {"-h", "--help"} & {*names}:
        print(__doc__, "\nOf `make bench`:", *WHICH, *APART)
        return
    if unknown := [name for name in names if not importlib.util.find_spec(f"benchmarks.{name}")]:
        sys.exit(f"no such benchmark: {', '.join(unknown)}; see python -m benchmarks --help")
    for name in names:
        print(f"== {name}", flush=True)
        if name in WHICH:
            WHICH[name]()
            continue
        command = [sys.executable, "-m", f"benchmarks.{name}"]
        if code := subprocess.run(command, check=False).returncode:
            sys.exit(code)
    print("Now: make readme")


if __name__ == "__main__":
    main()
