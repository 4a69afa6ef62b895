"""End of speech to first audible audio: Aura and the peer, alternating, in one run."""

import asyncio
import os
import platform
import statistics
from typing import Any

import numpy as np

from benchmarks import aura_server, peer, recordings
from benchmarks.client import ask_all
from benchmarks.results import save

STEPS = ("transcript_ms", "first_token_ms", "first_audio_ms")


def main(rounds: int = 6) -> None:
    """Measure and write results/latency.json; AURA_BENCH_QUICK=1 takes a quarter of the time."""
    quick = bool(os.environ.get("AURA_BENCH_QUICK"))
    sounds = recordings.spoken() if quick else {**recordings.spoken(), **recordings.people()}
    rounds = min(rounds, 4) if quick else rounds
    without = peer.missing()
    print(without or "Measuring Aura and the peer in turn ...", flush=True)
    turns: dict[str, list[dict[str, Any]]] = {}
    half = max(1, rounds // 2)
    for _ in range(2):  # alternating, so that a slow minute of the machine hits both
        turns.setdefault("Aura", []).extend(_aura(list(sounds.values()), half))
        if not without:
            for tune, name in peer.NAMES.items():
                turns.setdefault(name, []).extend(peer.latency(tune, sounds, half))
                print(f"  {name}: {_p(turns[name], 50):.0f} ms so far", flush=True)
    base = _p(turns[peer.NAMES[0]], 50) if not without else float("nan")
    rows = [_row(name, of, base) for name, of in turns.items()]
    save("latency", machine=machine(), turns=len(turns["Aura"]), rows=rows, all=turns)
    for row in rows:
        print(row)


def machine() -> str:
    return f"{os.cpu_count()} cores, Python {platform.python_version()}"


def _aura(sounds: list[bytes], rounds: int) -> list[dict[str, Any]]:
    with aura_server.running() as (url, _):
        turns = asyncio.run(ask_all(url, sounds, rounds))
    return [
        {
            **{step: turn.steps.get(step) for step in (*STEPS, "committed_ms", "stt_ms")},
            "first_audible_ms": turn.first_audible_ms,
            "inside": turn.inside,
        }
        for turn in turns
    ]


def _p(turns: list[dict[str, Any]], percentile: float) -> float:
    heard = [turn["first_audible_ms"] for turn in turns if turn["first_audible_ms"] is not None]
    return float(np.percentile(heard, percentile)) if heard else float("nan")


def _row(name: str, turns: list[dict[str, Any]], base: float) -> dict[str, Any]:
    row: dict[str, Any] = {
        "name": name,
        "p50_ms": _p(turns, 50),
        "p95_ms": _p(turns, 95),
        "ratio": _p(turns, 50) / base,
        "unanswered": sum(turn["first_audible_ms"] is None for turn in turns),
        "inside": sum(turn["inside"] for turn in turns),
    }
    for step in STEPS:
        values = [turn[step] for turn in turns if turn.get(step) is not None]
        row[step] = statistics.median(values) if values else None
    return row


if __name__ == "__main__":
    main()
