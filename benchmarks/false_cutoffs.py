"""Sentences with a pause inside, in real time: how often a response cuts in, and how soon it comes.

Thirty sentences in Aura's voice with 0.3, 0.7 and 1.2 s of silence where a speaker might think, and
recordings of people, are spoken to Aura at each eagerness, and to the peer with its defaults and
tuned by an expert. A slower pipeline cuts in less often, so both numbers are reported.
"""

import asyncio
from typing import Any

import numpy as np

from benchmarks import aura_server, peer, recordings
from benchmarks.client import ask_all
from benchmarks.latency import machine
from benchmarks.paused_sentences import PARTS, PAUSES_MS, room, split
from benchmarks.results import save

EAGERNESS = ("high", "auto", "low")
PEERS = (0, 2)


def sounds() -> dict[str, bytes]:
    """Return the sentences by name: s16le mono 16 kHz."""
    by_name = {}
    for number, (first, second) in enumerate(PARTS):
        before, after = split(first, second)
        for pause_ms in PAUSES_MS:
            by_name[f"s{number}-{pause_ms}"] = room(300) + before + room(pause_ms) + after
    return {**by_name, **{name: room(300) + pcm for name, pcm in recordings.people().items()}}


def _row(who: str, turns: list[dict[str, Any]]) -> dict[str, Any]:
    waits = [turn["first_audible_ms"] for turn in turns if turn["first_audible_ms"] is not None]
    row = {
        "who": who,
        "sentences": len(turns),
        "cut_in": sum(turn["inside"] for turn in turns),
        "p50_ms": float(np.percentile(waits, 50)),
        "p95_ms": float(np.percentile(waits, 95)),
    }
    print(row, flush=True)
    return row


def _aura(eagerness: str, spoken: list[bytes]) -> list[dict[str, Any]]:
    with aura_server.running(AURA_EAGERNESS=eagerness) as (url, _):
        turns = asyncio.run(ask_all(url, spoken, 1, warm_up=0))
    return [{"first_audible_ms": t.first_audible_ms, "inside": t.inside} for t in turns]


def main() -> None:
    """Measure and write results/cut_ins.json."""
    made = sounds()
    rows = [_row(f"Aura, {name}", _aura(name, list(made.values()))) for name in EAGERNESS]
    if why := peer.missing():
        print(why)
    else:
        for tune in PEERS:
            turns = peer.latency(tune, made, 0, warm_up=False)
            rows.append(_row(peer.NAMES[tune], turns))
    save("cut_ins", machine=machine(), rows=rows)


if __name__ == "__main__":
    main()
