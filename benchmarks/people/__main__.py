"""`make bench-people`: people through the whole program, in real time; some or all of its parts.

    python -m benchmarks.people [PART ...] [--quick]

Each part that ends is written to results/people.json at once. $AURA_BENCH_AUDIO is a folder of
recordings of people; $AURA_BENCH_CALLS, calls at once (1).
"""

import argparse
import asyncio
import json
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, NamedTuple

from benchmarks.aura_server import running
from benchmarks.latency import machine
from benchmarks.people import echo, interruptions, lengths, microphones, minutes, noise, pauses
from benchmarks.people.recordings import HOW, folder, phrases
from benchmarks.people.trials import AT_ONCE
from benchmarks.results import FOLDER, now, save

FILE = "people"


class Part(NamedTuple):
    """One measurement."""

    run: Callable[[str, int], Coroutine[Any, Any, dict[str, Any]]]
    settings: Mapping[str, str]
    trials: int
    """The number of trials, of rounds of trials, or of minutes of speech."""
    quick: int


PARTS: Mapping[str, Part] = {
    "interruptions": Part(interruptions.with_people, interruptions.SETTINGS, 60, 12),
    "sounds": Part(interruptions.with_sounds, interruptions.SETTINGS, 60, 20),
    "noise": Part(noise.measured, noise.SETTINGS, 2, 1),
    "lengths": Part(lengths.measured, lengths.SETTINGS, 8, 2),
    "minutes": Part(minutes.measured, minutes.SETTINGS, 60, 1),
    "pauses": Part(pauses.measured, pauses.SETTINGS, 3, 1),
    "echo": Part(echo.measured, echo.SETTINGS, 3, 1),
    "microphones": Part(microphones.measured, microphones.SETTINGS, 200, 20),
}


def main() -> None:
    """Run the parts named on the command line, or all."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("part", nargs="*", help=f"of {', '.join(PARTS)}")
    parser.add_argument("--quick", action="store_true", help="fewer trials")
    options = parser.parse_args()
    if unknown := set(options.part) - PARTS.keys():
        parser.error(f"no such part: {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    if not phrases():
        print(f"!! SKIPPED: no recordings of people in {folder()}: {HOW}")
        return
    for name in options.part or PARTS:
        part = PARTS[name]
        print(f"== {name}", flush=True)
        with running(**part.settings) as (url, _):
            result = asyncio.run(part.run(url, part.quick if options.quick else part.trials))
        about = {"when": now(), "recordings": folder().name, "calls_at_once": AT_ONCE}
        kept = {**_before(), name: {**about, **result}}
        save(FILE, machine=machine(), **kept)
        shown = {key: value for key, value in result.items() if key not in {"trials", "rows"}}
        print(json.dumps(shown, indent=1), flush=True)


def _before() -> dict[str, Any]:
    file = FOLDER / f"{FILE}.json"
    known = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    return {name: known[name] for name in PARTS if name in known}


if __name__ == "__main__":
    main()
