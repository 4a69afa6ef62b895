"""`make bench`: all measurements, one after the other; the README's tables are made from them."""

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
    for name in sys.argv[1:] or [*WHICH, *APART]:
        print(f"== {name}", flush=True)
        if name in WHICH:
            WHICH[name]()
        else:
            subprocess.run([sys.executable, "-m", f"benchmarks.{name}"], check=True)
    print("Now: make readme")


if __name__ == "__main__":
    main()
