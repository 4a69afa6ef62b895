"""`make soak-hostile`: every attack beside a good call; exits with 1 if one had an effect.

python -m benchmarks.hostile [--source hundred] [--whisper] [--messages 20000] [--keep] [NAME ...]
"""

import argparse
import asyncio
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from math import inf
from pathlib import Path

from benchmarks import recordings
from benchmarks.hostile import trial
from benchmarks.hostile.http_rows import HTTP_ROWS
from benchmarks.hostile.order import Order
from benchmarks.hostile.result_file import keep
from benchmarks.hostile.rows import ROWS, SOURCES
from benchmarks.hostile.verdict import HEAD, RowFigures, line

FUZZ, SLOW = "hostile messages over every door", "sockets that take their time"
EVENTS = "hostile events of Realtime and Twilio"
TRIES = 3
"""How often a row is measured that the host of this virtual machine disturbs; the last counts."""
FUZZ_MESSAGES_PER_S = 200
"""The pace below which the fuzz is given up."""


def orders(asked: argparse.Namespace, speech: str) -> Iterator[tuple[str, Order]]:
    """Yield the names and orders of all requested rows; the URL is not known yet."""
    sources = [source for source in SOURCES if asked.source in {"all", source}]
    for number, row in enumerate(ROWS):
        for source in sources:
            yield row.name, Order("", asked.seconds, "row", number, source, speech=speech)
    for number, http in enumerate(HTTP_ROWS):
        for source in sources:
            yield http.name, Order("", asked.seconds, "http", number, source)
    for source in ("address", "hundred"):
        if source in sources:
            yield SLOW, Order("", asked.seconds + 2, "slow", source=source, count=asked.sockets)
    limit_s = min(asked.limit, 30 + asked.events / FUZZ_MESSAGES_PER_S)
    yield (
        EVENTS,
        Order("", limit_s, "events", source="hundred", count=asked.events, seed=asked.seed),
    )
    limit_s = min(asked.limit, 30 + asked.messages / FUZZ_MESSAGES_PER_S)
    yield (
        FUZZ,
        Order("", limit_s, "fuzz", source="hundred", count=asked.messages, seed=asked.seed),
    )


async def run(asked: argparse.Namespace, speech: Path) -> list[RowFigures]:
    """Measure all requested rows; an Aura that was affected is replaced by a new one."""
    measured: list[RowFigures] = []
    async with AsyncExitStack() as stack:
        aura: trial.Aura | None = None
        print(HEAD, flush=True)
        for name, order in orders(asked, str(speech)):
            if asked.names and not any(part in name for part in asked.names):
                continue
            for _ in range(TRIES):
                if aura is None:
                    running = trial.running(speech, whisper=asked.whisper)
                    aura = await stack.enter_async_context(running)
                figures = await trial.measure(aura, name, replace(order, url=aura.url))
                print(line(figures), flush=True)
                if not figures.is_disturbed:
                    break
                await stack.aclose()
                aura = None
            measured.append(figures)
            if asked.keep or not asked.names:
                keep("hostile_whisper" if asked.whisper else "hostile", figures, asked.seed)
            if figures.wrong or order.source == "hundred":  # the common shares are used up
                await stack.aclose()
                aura = None
    return measured


def _asked(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Attacks of strangers beside a good call.")
    parser.add_argument("names", nargs="*", help="(parts of) names of rows; none: all")
    parser.add_argument("--source", default="all", choices=["all", *SOURCES], help="from where")
    parser.add_argument("--seconds", type=float, default=5.0, help="length of an attack")
    parser.add_argument("--sockets", type=int, default=10_000, help="slow sockets")
    parser.add_argument("--messages", type=int, default=1_000_000, help="messages of the fuzz")
    parser.add_argument("--limit", type=float, default=inf, help="longest time of the fuzz, s")
    parser.add_argument("--seed", type=int, default=0, help="seed of the messages")
    parser.add_argument("--events", type=int, default=20_000, help="events for Realtime and Twilio")
    parser.add_argument("--keep", action="store_true", help="write the results of named rows, too")
    parser.add_argument("--whisper", action="store_true", help="with the real recogniser")
    return parser.parse_args(arguments)


def main() -> int:
    """Run the requested rows; return 1 if one was not held."""
    asked = _asked(None)
    with tempfile.TemporaryDirectory(prefix="aura-hostile-") as folder:
        speech = Path(folder) / "speech.pcm"
        pcm = recordings.spoken()["u0"] if asked.whisper else recordings.buzz(900)
        speech.write_bytes(pcm)
        measured = asyncio.run(run(asked, speech))
    bad = [figures for figures in measured if figures.wrong]
    if messages := sum(figures.sent.get("messages", 0) for figures in measured):
        print(f"{messages} hostile messages.")
    print(f"{len(measured) - len(bad)} of {len(measured)} rows held.")
    return 1 if bad or not measured else 0


if __name__ == "__main__":
    sys.exit(main())
