"""Recognition: utterances a core-second, plain faster-whisper beside Aura, alone and in batches.

    python -m benchmarks.stt_throughput

Clips under 8 s: the sentences of `stt_clips` in Aura's own voice, each spoken TAKES times, no two
alike, and recordings of people whose words are known ($AURA_BENCH_AUDIO). Each variant runs in a
process of its own with one thread an utterance; CPU time is that of the whole process. The word
errors of a variant are compared with those of plain faster-whisper, with 95 % bounds (bootstrap
over the clips). For the queue, utterances come at random, as from many calls, and the time of each
recognition with its wait is measured for each size of batch.
"""

import asyncio
import functools
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from faster_whisper import WhisperModel

from benchmarks import stt_clips
from benchmarks.latency import machine
from benchmarks.people.recordings import labelled
from benchmarks.results import save
from runtime.text.word_errors import distance
from schemas.audio import RATE_HZ
from workers.engines import weights
from workers.engines.stt import whisper
from workers.executor.engine_executor import BatchWork, EngineExecutor

LONGEST_S = 8.0
TAKES = 6
"""With one take, chance would change the word error rate as much as the variants do."""
SIZES = (1, 2, 4, 8)
WAYS = {
    "plain": "faster-whisper, defaults (beam 5)",
    "greedy": "faster-whisper, greedy",
    "batch-1": "Aura, one at a time",
    **{f"batch-{size}": f"Aura, batches of {size}" for size in SIZES[1:]},
}
LOADS = (0.5, 0.9, 1.2)
"""Loads, as shares of what one thread can do one by one."""
QUEUE_S = 20.0
PLACES = 1
"""One of two cores: the other stages need the rest."""


class Clip(msgspec.Struct):
    """One utterance and its words."""

    words: str
    pcm: bytes


class Run(msgspec.Struct):
    """One run of a variant over all clips."""

    heard: list[str]
    cpu_s: float
    wall_s: float


def clips() -> list[Clip]:
    """Return the clips of this measurement, s16le mono 16 kHz."""
    every = [*stt_clips.spoken(TAKES), *((one.words, one.pcm) for one in labelled())]
    chosen = [Clip(text, pcm) for text, pcm in every if len(pcm) < LONGEST_S * 2 * RATE_HZ]
    left_out = len(every) - len(chosen)
    print(f"   {len(chosen)} clips; {left_out} of {LONGEST_S:.0f} s or more are left out")
    random.Random(5).shuffle(chosen)
    return chosen


def _plain(options: dict[str, Any]) -> Callable[[list[bytes]], list[str]]:
    path = weights.find("tiny.en", stt_clips.CACHE)
    assert path is not None
    model = WhisperModel(str(path.parent), device="cpu", compute_type="int8", cpu_threads=1)

    def transcribed(pcms: list[bytes]) -> list[str]:
        heard = []
        for pcm in pcms:
            audio = np.frombuffer(pcm, "<i2").astype(np.float32) / 32768
            segments, _ = model.transcribe(audio, language="en", **options)
            heard.append("".join(segment.text for segment in segments))
        return heard

    return transcribed


def _ours(size: int) -> Callable[[list[bytes]], list[str]]:
    model = whisper.WhisperRecognizer("tiny.en", cache=stt_clips.CACHE)
    model.warm()

    def transcribed(pcms: list[bytes]) -> list[str]:
        heard = [""] * len(pcms)
        for at in range(0, len(pcms), size):
            for place, recognition in model.transcribe_each(pcms[at : at + size], language="en"):
                heard[at + place] = recognition.text
        return heard

    return transcribed


def one_way(way: str, file: str) -> Run:
    """Recognise the clips in *file* and return the words and the cost."""
    utterances = msgspec.msgpack.decode(Path(file).read_bytes(), type=list[Clip])
    greedy = {"beam_size": 1, "without_timestamps": True, "condition_on_previous_text": False}
    if way.startswith("batch-"):
        listen = _ours(int(way.removeprefix("batch-")))
    else:
        listen = _plain(greedy if way == "greedy" else {})
    pcms = [clip.pcm for clip in utterances]
    listen(pcms[:2])  # the first run of a model allocates
    cpu_s, wall_s = time.process_time(), time.perf_counter()
    heard = listen(pcms)
    return Run(heard, time.process_time() - cpu_s, time.perf_counter() - wall_s)


def _row(way: str, run: Run, utterances: list[Clip], plain: list[int]) -> dict[str, Any]:
    wrong = _errors(run, utterances)
    count = sum(len(stt_clips.words(clip.words)) for clip in utterances)
    more = np.array(wrong) - np.array(plain)
    chance = np.random.default_rng(0)
    sets = chance.integers(0, len(more), (4000, len(more)))
    low, high = np.percentile(more[sets].sum(axis=1), (2.5, 97.5))
    return {
        "way": WAYS[way],
        "wer_percent": round(100 * sum(wrong) / count, 2),
        "words": count,
        "wrong": sum(wrong),
        "more_than_plain": [round(low), int(more.sum()), round(high)],
        "cpu_ms": round(1000 * run.cpu_s / len(utterances), 1),
        "wall_ms": round(1000 * run.wall_s / len(utterances), 1),
        "a_core_second": round(len(utterances) / run.cpu_s, 2),
    }


def _errors(run: Run, utterances: list[Clip]) -> list[int]:
    """Return the wrong words of each clip."""
    words = stt_clips.words
    return [distance(words(c.words), words(h)) for c, h in zip(utterances, run.heard, strict=True)]


async def queue(
    model: whisper.WhisperRecognizer, utterances: list[Clip], a_second: float, most: int
) -> dict[str, Any]:
    """Return the waits, ms, of utterances that come at random moments, *a_second* on average."""
    executor = EngineExecutor(PLACES, limit_s=60)
    each = functools.partial(model.transcribe_each, language="en")
    work = BatchWork(each, kind="en", most_items=most)
    waits: list[float] = []
    chance = random.Random(11)

    async def hear_clip(pcm: bytes) -> None:
        began = time.perf_counter()
        await executor.run_batched(work, pcm)
        waits.append((time.perf_counter() - began) * 1000)

    async with asyncio.TaskGroup() as tasks:
        due_s = time.perf_counter()
        for number in range(int(a_second * QUEUE_S)):
            tasks.create_task(hear_clip(utterances[number % len(utterances)].pcm))
            due_s += chance.expovariate(a_second)
            await asyncio.sleep(max(0.0, due_s - time.perf_counter()))
    waits.sort()
    return {
        "most": most,
        "a_second": round(a_second, 2),
        "p50_ms": round(statistics.median(waits)),
        "mean_ms": round(statistics.mean(waits)),
        "p95_ms": round(waits[int(0.95 * (len(waits) - 1))]),
        "max_ms": round(waits[-1]),
    }


def queues(utterances: list[Clip], wall_ms: float) -> list[dict[str, Any]]:
    model = whisper.WhisperRecognizer("tiny.en", cache=stt_clips.CACHE)
    model.warm()
    rows = []
    for load in LOADS:
        for most in SIZES:
            row = asyncio.run(queue(model, utterances, load * PLACES * 1000 / wall_ms, most))
            rows.append({"load": load, **row})
            print(rows[-1], flush=True)
    return rows


def main() -> None:
    """Measure and write results/stt_throughput.json."""
    utterances = clips()
    runs: dict[str, Run] = {}
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "clips"
        file.write_bytes(msgspec.msgpack.encode(utterances))
        for way, name in WAYS.items():
            print(f"   {name} ...", flush=True)
            command = [sys.executable, "-m", "benchmarks.stt_throughput", way, str(file)]
            out = subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout
            runs[way] = msgspec.json.decode(out.splitlines()[-1], type=Run)
    plain = _errors(runs["plain"], utterances)
    rows = [_row(way, run, utterances, plain) for way, run in runs.items()]
    for row in rows:
        row["times"] = round(row["a_core_second"] / rows[0]["a_core_second"], 2)
        row["times_greedy"] = round(row["a_core_second"] / rows[1]["a_core_second"], 2)
        print(row, flush=True)
    audio_s = statistics.mean(len(clip.pcm) / 32_000 for clip in utterances)
    waits = queues(utterances, rows[2]["wall_ms"])
    save(
        "stt_throughput",
        machine=machine(),
        clips=len(utterances),
        audio_s=round(audio_s, 2),
        rows=rows,
        queue=waits,
    )


if __name__ == "__main__":
    if len(sys.argv) > 2:
        sys.stdout.write(msgspec.json.encode(one_way(sys.argv[1], sys.argv[2])).decode() + "\n")
    else:
        main()
