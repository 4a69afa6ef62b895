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
from benchmarks.people.recordings import recordings
from runtime.text.word_errors import distance, words
from schemas.audio import BYTES_PER_MS

SETTINGS = {"AURA_LLM_ENGINE": "simulated", "AURA_SIM_LLM_TOKENS": "6"}
MINUTES = (1, 10, 60)
PAUSES_MS = (150, 900)
LAST_WORDS_S = 8.0
"""The longest wait for the last words after the speech."""


def speech(minutes: int) -> tuple[str, bytes, list[float]]:
    """Return the words, the audio (s16le mono 16 kHz), and the end of each recording, s."""
    chance, known = random.Random(minutes), [one for one in recordings() if one.words]
    said, pcm, ends = list[str](), bytearray(), list[float]()
    while True:
        for one in chance.sample(known, len(known)):
            if len(pcm) >= minutes * 60_000 * BYTES_PER_MS:
                return " ".join(said), bytes(pcm), ends
            begins, stops = (round(at * 1000) * BYTES_PER_MS for at in one.speech)
            pcm += one.pcm[begins:stops]
            ends.append(len(pcm) / 1000 / BYTES_PER_MS)
            pcm += bytes(chance.randint(*PAUSES_MS) * BYTES_PER_MS)
            said.append(one.words)


def cpu_s() -> float:
    """Return the CPU seconds of all child processes."""
    started = psutil.Process().children(recursive=True)
    return sum(sum(process.cpu_times()[:2]) for process in started)


async def trial(url: str, minutes: int) -> dict[str, Any]:
    said, pcm, ends = speech(minutes)
    used = list[float]()
    async with calling(url, "audio=chunks&greeting=0") as caller:
        await caller.wait_for("session", 5)
        began, over = await caller.say(pcm)
        for minute in range(minutes + 1):
            await asyncio.sleep(max(0.0, began + minute * 60 - time.monotonic()))
            used.append(cpu_s())
            print(f"  {minute} of {minutes} minutes, {used[-1] - used[0]:.0f} s CPU", flush=True)
        await asyncio.sleep(max(0.0, over - time.monotonic()) + LAST_WORDS_S)
    told = caller.of("user_transcript", began)
    heard = " ".join(one.said["text"] for one in told)
    plain = await asyncio.to_thread(PlainWhisper().hear, pcm)
    part = max(1, minutes // 6)
    return {
        "minutes": minutes,
        "transcripts": len(told),
        "words_after_a_pause": spread(list(waits([one.at - began for one in told], ends))),
        "cpu_ms_a_second": round(1000 * (used[-1] - used[0]) / minutes / 60),
        "cpu_of_the_first": round((used[-1] - used[-1 - part]) / (used[part] - used[0]), 2),
        "heard": compared(said, heard),
        "plain": compared(said, plain),
    }


def waits(told: list[float], ends: list[float]) -> Iterator[float]:
    """Yield the time from the end of each recording to its transcript, ms; arguments in s."""
    for at in told:
        if before := bisect(ends, at):
            yield (at - ends[before - 1]) * 1000


def compared(truth: str, heard: str) -> dict[str, int]:
    """Return how many words of *truth* are wrong, lost and added in *heard*."""
    one, other = words(truth), words(heard)
    found = {"words": len(one), "wrong": distance(one, other), "lost": 0, "added": 0}
    matcher = difflib.SequenceMatcher(None, one, other, autojunk=False)
    for kind, a, b, c, d in matcher.get_opcodes():
        if kind != "equal":
            found["lost"] += max(0, (b - a) - (d - c))
            found["added"] += max(0, (d - c) - (b - a))
    return found


async def measured(url: str, most: int) -> dict[str, Any]:
    """Return a row for each length of up to *most* minutes."""
    rows = []
    for minutes in MINUTES:
        if minutes <= most:
            rows.append(await trial(url, minutes))
            print(rows[-1], flush=True)
    return {"rows": rows}
