"""`make soak`: all trials, a JSON line each; the README's table is made from them.

python -m benchmarks.soak [--scale 0.1] [NAME ...]    names may be parts of names
"""

import argparse
import asyncio
import json
import sys
import time

from benchmarks.latency import machine
from benchmarks.results import FOLDER, now
from benchmarks.soak import (
    clusters,
    crowds,
    deaths,
    doors,
    full,
    gateways,
    links,
    nonsense,
    tool_calls,
)
from benchmarks.soak.trial import Scale, Trials

FILES = (deaths, links, clusters, full, crowds, nonsense, tool_calls, gateways, doors)
TRIALS: Trials = {name: trial for file in FILES for name, trial in file.TRIALS.items()}
"""Each starts an Aura, causes faults, and returns the effects on callers."""


def main() -> int:
    """Run the named trials, or all; return 1 if one failed."""
    parser = argparse.ArgumentParser(description="Faults and load, longer than a test may take.")
    parser.add_argument("names", nargs="*", help="(parts of) names of trials; none: all")
    parser.add_argument("--scale", type=float, default=1.0, help="how much of each trial")
    parser.add_argument("--list", action="store_true", help="list the trials and end")
    asked = parser.parse_args()
    chosen = [n for n in TRIALS if not asked.names or any(part in n for part in asked.names)]
    if asked.list:
        print("\n".join(chosen))
        return 0
    failed = 0
    for name in chosen:
        print(f"== {name}", flush=True)
        began = time.monotonic()
        try:
            outcome = asyncio.run(TRIALS[name](Scale(asked.scale)))
            held, figures = outcome.held, outcome.figures
        except Exception as error:  # noqa: BLE001  # the next trial is worth running all the same
            held, figures = False, {"error": f"{type(error).__name__}: {error}"[:500]}
        failed += not held
        line = {
            "trial": name,
            "held": held,
            "scale": asked.scale,
            "took_s": round(time.monotonic() - began),
            "machine": machine(),
            "when": now(),
            **figures,
        }
        print(json.dumps(line), flush=True)
        _save(line)
    return 1 if failed else 0


def _save(line: dict[str, object]) -> None:
    """Replace the line of the same trial by *line*."""
    FOLDER.mkdir(exist_ok=True)
    file = FOLDER / "soak.jsonl"
    old = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    kept = [line_text for line_text in old if json.loads(line_text)["trial"] != line["trial"]]
    file.write_text("\n".join([*kept, json.dumps(line)]) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
