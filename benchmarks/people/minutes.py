"""A caller who speaks for minutes: lost and doubled words, their delay, CPU a second.

Recordings of people are joined with pauses, some of which end a turn, so that the caller speaks
over the responses. The words are compared with the text, and with plain faster-whisper's.
"""

import asyncio
import difflib
import random
import time
from bisect import bisect
from collections.abc import Iterator
from typing import Any

import psutil

from benchmarks.people.caller import calling
from benchmarks.people.figures import spread
from benchmarks.people.plain_whisper import PlainWhisper
from benchmarks.people.recordings import labelled
from runtime.text.word_errors import distance, words
from schemas.audio import BYTES_PER_MS

SETTINGS = {"AURA_LLM_ENGINE": "simulated", "AURA_SIM_LLM_TOKENS": "6"}
MINUTES = (1, 10, 60)
PAUSES_MS = (150, 900)
LAST_WORDS_S = 8.0
"""The longest wait for the last words after the speech."""


def speech(minutes: int) -> tuple[str, bytes, list[float]]:
    """Return the words, the audio (s16le mono 16 kHz), and the end of each recording, s."""
    chance, known = random.Random(minutes), labelled()
    texts, pcm, ends = list[str](), bytearray(), list[float]()
    while True:
        for recording in chance.sample(known, len(known)):
            if len(pcm) >= minutes * 60_000 * BYTES_PER_MS:
                return " ".join(texts), bytes(pcm), ends
            begins, stops = (round(at * 1000) * BYTES_PER_MS for at in recording.speech)
            pcm += recording.pcm[begins:stops]
            ends.append(len(pcm) / 1000 / BYTES_PER_MS)
            pcm += bytes(chance.randint(*PAUSES_MS) * BYTES_PER_MS)
            texts.append(recording.words)


def cpu_s() -> float:
    """Return the CPU seconds of all child processes."""
    started = psutil.Process().children(recursive=True)
    return sum(sum(process.cpu_times()[:2]) for process in started)


async def trial(url: str, minutes: int) -> dict[str, Any]:
    text, pcm, ends = speech(minutes)
    used = list[float]()
    async with calling(url, "audio=chunks&greeting=0") as caller:
        await caller.wait_for("session", 5)
        began, over = await caller.say(pcm)
        for minute in range(minutes + 1):
            await asyncio.sleep(max(0.0, began + minute * 60 - time.monotonic()))
            used.append(cpu_s())
            print(f"  {minute} of {minutes} minutes, {used[-1] - used[0]:.0f} s CPU", flush=True)
        await asyncio.sleep(max(0.0, over - time.monotonic()) + LAST_WORDS_S)
    finals = caller.of("user_transcript", began)
    heard = " ".join(final.fields["text"] for final in finals)
    plain = await asyncio.to_thread(PlainWhisper().hear, pcm)
    part = max(1, minutes // 6)
    return {
        "minutes": minutes,
        "transcripts": len(finals),
        "words_after_a_pause": spread(list(waits([m.at - began for m in finals], ends))),
        "cpu_ms_a_second": round(1000 * (used[-1] - used[0]) / minutes / 60),
        "cpu_of_the_first": round((used[-1] - used[-1 - part]) / (used[part] - used[0]), 2),
        "heard": compared(text, heard),
        "plain": compared(text, plain),
    }


def waits(transcript_ends: list[float], ends: list[float]) -> Iterator[float]:
    """Yield the time from the end of each recording to its transcript, ms; arguments in s."""
    for at in transcript_ends:
        if before := bisect(ends, at):
            yield (at - ends[before - 1]) * 1000


def compared(truth: str, heard: str) -> dict[str, int]:
    """Return how many words of *truth* are wrong, lost and added in *heard*."""
    spoken, written = words(truth), words(heard)
    counts = {"words": len(spoken), "wrong": distance(spoken, written), "lost": 0, "added": 0}
    matcher = difflib.SequenceMatcher(None, spoken, written, autojunk=False)
    for kind, a, b, c, d in matcher.get_opcodes():
        if kind != "equal":
            counts["lost"] += max(0, (b - a) - (d - c))
            counts["added"] += max(0, (d - c) - (b - a))
    return counts


async def measured(url: str, most: int) -> dict[str, Any]:
    """Return a row for each length of up to *most* minutes."""
    rows = []
    for minutes in MINUTES:
        if minutes <= most:
            rows.append(await trial(url, minutes))
            print(rows[-1], flush=True)
    return {"rows": rows}
