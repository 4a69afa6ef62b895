"""What the bus costs: a turn with engines that take no time, less the endpointing wait."""

from __future__ import annotations

import asyncio

import numpy as np

from benchmarks import aura_server, recordings
from benchmarks.client import ask_all
from benchmarks.latency import machine
from benchmarks.results import save

INSTANT = {
    "AURA_STT_ENGINE": "simulated",
    "AURA_LLM_ENGINE": "simulated",
    "AURA_TTS_ENGINE": "simulated",
    "AURA_SIM_STT_MS": "0",
    "AURA_SIM_LLM_FIRST_MS": "0",
    "AURA_SIM_LLM_TOKEN_MS": "0",
    "AURA_SIM_TTS_MS": "0",
    "AURA_SIM_TTS_AUDIO_MS": "300",
    # Without guessing: all of the work comes after the wait, where it can be seen.
    "AURA_SPECULATE": "false",
    "AURA_STT_PARTIAL_INTERVAL_MS": "0",
}


def main(rounds: int = 25) -> None:
    """Measure and write results/bus.json."""
    sound = recordings.spoken()["u1"]
    with aura_server.running(**INSTANT) as (url, _):
        turns = asyncio.run(ask_all(url, [sound], rounds))
    cost = [
        turn.first_audio_ms
        - (turn.first_audio_ms - turn.steps["first_sent_ms"])
        - turn.steps["committed_ms"]
        for turn in turns
        if turn.first_audio_ms is not None and "first_sent_ms" in turn.steps
    ]
    # What the recogniser's answer took over the bus belongs to it too, though the wait hides it.
    words = [t.steps["transcript_ms"] - t.steps["pause_ms"] for t in turns if t.steps]
    cost = [after + before for after, before in zip(cost, words, strict=True)]
    p50, p99 = (float(np.percentile(cost, q)) for q in (50, 99))
    save("bus", machine=machine(), turns=len(cost), p50_ms=p50, p99_ms=p99, all=cost)
    print(f"the bus costs a turn {p50:.1f} ms (p50), {p99:.1f} ms (p99), n {len(cost)}")


if __name__ == "__main__":
    main()
