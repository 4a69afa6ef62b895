"""Pages whose microphone has an unstated sample rate, over random networks."""

import asyncio
import time
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

import aiohttp
import numpy as np
import soxr

from benchmarks.people.caller import MicrophoneCaller
from benchmarks.people.figures import share
from benchmarks.people.plain_whisper import PlainWhisper
from benchmarks.people.recordings import phrases
from benchmarks.people.trials import in_turn
from runtime.text.word_errors import distance, words

SETTINGS = {"AURA_LLM_ENGINE": "simulated", "AURA_SIM_LLM_TOKENS": "6"}
RATES_HZ = (8_000, 16_000, 24_000, 32_000, 44_100, 48_000, 96_000)
UNDERSTOOD = 0.34
"""The most wrong letters of an understood phrase, so that "an ice beach" counts for "a nice
beach".
"""
PATIENCE_S = 8.0


@dataclass
class MicrophoneTrial:
    """One page."""

    rate_hz: int
    network: str
    phrase: str
    text: str = ""


def due_s(network: str, count: int, rng: np.random.Generator) -> np.ndarray[Any, Any]:
    """Return the arrival time of each of *count* messages, s: one is sent every 20 ms."""
    ready = np.arange(1, count + 1) * 0.02
    late = np.abs(rng.normal(0, 0.012, count))
    match network:
        case "late first":
            late[0] += rng.uniform(0.05, 0.6)
        case "stalled once":
            at = int(rng.integers(2, 45))
            late[at] += rng.uniform(0.2, 0.8)
        case "bursts":
            ready = np.ceil(ready / 0.12) * 0.12
        case "suspended":
            ready[int(rng.integers(5, 40)) :] += rng.uniform(0.3, 1.0)
    arrives: np.ndarray[Any, Any] = np.maximum.accumulate(ready + late)
    return arrives


NETWORKS = ("cable", "late first", "stalled once", "bursts", "suspended")


async def trial(url: str, rate_hz: int, network: str, phrase: str, seed: int) -> MicrophoneTrial:
    """Speak *phrase* from a page that does not state its rate."""
    outcome, rng = MicrophoneTrial(rate_hz, network, phrase), np.random.default_rng(seed)
    pcm = bytes(32_000) + phrases()[phrase] + bytes(64_000)
    samples = np.frombuffer(pcm, "<i2").astype(np.float32)
    samples_sent = np.clip(soxr.resample(samples, 16_000, rate_hz), -32768, 32767).astype("<i2")
    size = rate_hz // 50
    address = url.replace("http", "ws", 1) + "/ws/voice/continuous?token=demo_token&greeting=0"
    async with (
        aiohttp.ClientSession() as http,
        http.ws_connect(address, max_msg_size=0, origin="http://localhost") as ws,
    ):
        caller = MicrophoneCaller(ws)
        listening = asyncio.create_task(caller.listen())
        began = time.monotonic()
        for number, at in enumerate(due_s(network, len(samples_sent) // size, rng)):
            await asyncio.sleep(max(0.0, began + at - time.monotonic()))
            await ws.send_bytes(samples_sent[number * size : (number + 1) * size].tobytes())
            if number % 10 == 0 and caller.of("user_transcript"):
                break
        await caller.wait_for("user_transcript", PATIENCE_S)
        listening.cancel()
    outcome.text = " ".join(message.fields["text"] for message in caller.of("user_transcript"))
    return outcome


async def measured(url: str, count: int) -> dict[str, Any]:
    """Return how many of *count* pages were understood."""
    names = sorted(phrases(), key=lambda name: len(phrases()[name]))[2:12]
    rng = np.random.default_rng(11)
    cases = [
        (
            int(rng.choice(RATES_HZ)),
            NETWORKS[number % len(NETWORKS)],
            names[number // len(NETWORKS) % len(names)],
            number,
        )
        for number in range(count)
    ]
    trials = await in_turn([partial(trial, url, *case) for case in cases], asdict)
    plain = PlainWhisper()
    truth = {phrase: {plain.hear(_by_way_of(hz, phrase)) for hz in RATES_HZ} for phrase in names}
    wrong = [
        trial
        for trial in trials
        if min(_wrong_letters(known, trial.text) for known in truth[trial.phrase]) > UNDERSTOOD
    ]
    return {
        "understood": share(len(trials) - len(wrong), len(trials)),
        "not_understood": [asdict(trial) for trial in wrong],
    }


def _by_way_of(rate_hz: int, phrase: str) -> bytes:
    """Return *phrase* resampled by a microphone of another rate, s16le mono 16 kHz."""
    resampled = soxr.resample(
        np.frombuffer(phrases()[phrase], "<i2").astype(np.float32), 16_000, rate_hz
    )
    here = soxr.resample(resampled, rate_hz, 16_000)
    return np.asarray(np.clip(here, -32768, 32767), "<i2").tobytes()


def _wrong_letters(truth: str, heard: str) -> float:
    true_letters, heard_letters = "".join(words(truth)), "".join(words(heard))
    return distance(true_letters, heard_letters) / len(true_letters)
