"""`make bench`: all measurements, one after the other; the README's tables are made from them.

    python -m benchmarks                # all of `make bench`
    python -m benchmarks latency bus    # those named, and any other module of this folder

Each runs in a process of its own. Results go to benchmarks/results; `make readme` makes the tables
from them.
"""

import importlib.util
import subprocess
import sys

USUAL = (
    *("bus", "footprint", "density", "eot_accuracy", "false_cutoffs", "sessions", "agents"),
    *("latency", "stt_throughput", "pauses", "realtime"),
)


def main() -> None:
    """Run those named on the command line, or the usual ones."""
    names = sys.argv[1:] or USUAL
    if {"-h", "--help"} & {*names}:
        print(__doc__, "\nOf `make bench`:", *USUAL)
        return
    if unknown := [name for name in names if not importlib.util.find_spec(f"benchmarks.{name}")]:
        sys.exit(f"no such benchmark: {', '.join(unknown)}; see python -m benchmarks --help")
    for name in names:
        print(f"== {name}", flush=True)
        command = [sys.executable, "-m", f"benchmarks.{name}"]
        if code := subprocess.run(command, check=False).returncode:
            sys.exit(code)
    print("Now: make readme")


if __name__ == "__main__":
    main()
