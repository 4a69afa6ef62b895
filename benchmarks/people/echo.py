"""A loudspeaker beside the microphone: whether Aura interrupts itself or responds to itself.

The client's microphone gets the echo of the responses, quieter and later, through a room. The
client says nothing; it types its questions.
"""

import asyncio
import base64
import time
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.people.caller import MicrophoneCaller, ReceivedMessage, calling
from benchmarks.people.figures import share
from benchmarks.people.trials import in_turn
from runtime.audio.conversion import read_wav
from schemas.audio import RATE_HZ

SETTINGS = {"AURA_LLM_ENGINE": "simulated", "AURA_SIM_LLM_TOKENS": "40"}
CASES = [(gain_db, delay_ms) for gain_db in (-6, -10, -14, -20) for delay_ms in (80, 250)]
PART_S = 10.0
"""The length of the greeting and of each of two responses."""
SECONDS = 3 * PART_S
FLUSH_S = 0.3
"""The time after which a client that was told to stop is silent."""
Samples = npt.NDArray[np.float32]


def room(seed: int = 1) -> Samples:
    """Return a room's impulse response, 0.3 s: the direct sound has 3 % of its energy."""
    rng = np.random.default_rng(seed)
    answer = rng.normal(size=RATE_HZ * 3 // 10) * np.exp(-np.arange(RATE_HZ * 3 // 10) / 1000)
    answer[0] = 4.0
    scaled: Samples = (answer / np.sqrt((answer**2).sum())).astype(np.float32)
    return scaled


class Air:
    """The echo of a loudspeaker in the microphone, from the start of the call on."""

    def __init__(self, gain_db: float, delay_ms: int, room_seed: int) -> None:
        self.samples = np.zeros(int(RATE_HZ * (SECONDS + 60)), np.float32)
        self._gain = 10 ** (gain_db / 20)
        self._delay_s = delay_ms / 1000
        self._room = room(room_seed)
        self._began = time.monotonic()
        self._until_s = 0.0

    def hear(self, message: ReceivedMessage) -> None:
        """Play the audio of *message*, or stop."""
        now_s = message.at - self._began
        if message.kind == "ai_interrupted":
            self.samples[int((now_s + self._delay_s + FLUSH_S) * RATE_HZ) :] = 0
            self._until_s = now_s
        if audio := message.fields.get("audio"):
            pcm = np.frombuffer(read_wav(base64.b64decode(audio)), "<i2").astype(np.float32)
            begins_s = max(now_s, self._until_s)
            self._until_s = begins_s + len(pcm) / RATE_HZ
            at = int((begins_s + self._delay_s) * RATE_HZ)
            echo = np.convolve(pcm, self._room)[: len(self.samples) - at] * self._gain
            self.samples[at : at + len(echo)] += echo


async def trial(url: str, gain_db: float, delay_ms: int, room_seed: int) -> dict[str, Any]:
    """Type questions for half a minute; return how often Aura interrupted or recognised itself."""
    air = Air(gain_db, delay_ms, room_seed)
    async with calling(url, "audio=chunks", air.samples, heard=air.hear) as caller:
        await asyncio.sleep(PART_S)
        for _ in range(2):
            await caller.ws.send_json({"type": "text", "text": "Please tell me a long story."})
            await asyncio.sleep(PART_S)
    return {
        "gain_db": gain_db,
        "delay_ms": delay_ms,
        "interrupted_itself": len(caller.of("ai_interrupted")),
        "heard_itself": _more_than_typed(caller),
        "answers": len(caller.of("ai_complete")),
    }


def _more_than_typed(caller: MicrophoneCaller) -> int:
    return max(0, len(caller.of("user_transcript")) - 2)


async def measured(url: str, rounds: int) -> dict[str, Any]:
    """Return the figures of *rounds* rooms at each loudness and delay."""
    cases = [(*case, 1 + seed) for seed in range(rounds) for case in CASES]
    trials = await in_turn([partial(trial, url, *case) for case in cases])
    own = sum(trial["interrupted_itself"] + trial["heard_itself"] > 0 for trial in trials)
    return {
        "minutes": round(len(trials) * SECONDS / 60, 1),
        "interrupted_itself": sum(trial["interrupted_itself"] for trial in trials),
        "heard_itself": sum(trial["heard_itself"] for trial in trials),
        "calls_with_either": share(own, len(trials)),
        "trials": trials,
    }
