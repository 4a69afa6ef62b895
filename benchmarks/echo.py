"""A loudspeaker beside the microphone, in real time: does Aura interrupt or answer itself?

The client plays what it is sent and hears it again, quieter and later, through a room. It says
nothing; typed questions bring the answers. Real recogniser and voice, simulated language model.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import time
from contextlib import suppress
from typing import Any

import aiohttp
import numpy as np
import numpy.typing as npt

from benchmarks.aura_server import running
from benchmarks.results import save
from runtime.audio import read_wav

RATE_HZ, FRAME = 16_000, 320
CASES = [(gain_db, delay_ms) for gain_db in (-6, -10, -14, -20) for delay_ms in (80, 250)]
SECONDS = 30.0
Samples = npt.NDArray[np.float32]


def room(seed: int = 1) -> Samples:
    """Return a room's answer to a click: 0.3 s, 3 % of it the direct sound."""
    rng = np.random.default_rng(seed)
    answer = rng.normal(size=RATE_HZ * 3 // 10) * np.exp(-np.arange(RATE_HZ * 3 // 10) / 1000)
    answer[0] = 4.0
    scaled: Samples = (answer / np.sqrt((answer**2).sum())).astype(np.float32)
    return scaled


class Echoing:
    """A client whose loudspeaker comes back through its microphone."""

    def __init__(self, ws: aiohttp.ClientWebSocketResponse, gain_db: float, delay_ms: int) -> None:
        self._ws = ws
        self._gain = 10 ** (gain_db / 20)
        self._delay_s = delay_ms / 1000
        self._room = room()
        self._air = np.zeros(RATE_HZ * int(SECONDS + 60), np.float32)
        """The echo at the microphone, from the start of the call on."""
        self._began = time.monotonic()
        self._until = 0.0
        self.told: list[str] = []

    async def microphone(self) -> None:
        sent = 0
        while not self._ws.closed:
            sent += 1
            await asyncio.sleep(max(0.0, self._began + sent * 0.02 - time.monotonic()))
            heard = self._air[(sent - 1) * FRAME : sent * FRAME]
            with suppress(ConnectionError):
                await self._ws.send_bytes(np.clip(heard, -32768, 32767).astype("<i2").tobytes())

    async def loudspeaker(self) -> None:
        async for message in self._ws:
            said: dict[str, Any] = json.loads(message.data)
            self.told.append(said["type"])
            now = time.monotonic() - self._began
            if said["type"] == "ai_interrupted":
                self._air[int((now + self._delay_s + 0.3) * RATE_HZ) :] = 0
                self._until = now
            if audio := said.get("audio"):
                pcm = np.frombuffer(read_wav(base64.b64decode(audio)), "<i2").astype(np.float32)
                begins = max(now, self._until)
                self._until = begins + len(pcm) / RATE_HZ
                at = int((begins + self._delay_s) * RATE_HZ)
                echo = np.convolve(pcm, self._room)[: len(self._air) - at] * self._gain
                self._air[at : at + len(echo)] += echo


async def loops(url: str, gain_db: float, delay_ms: int) -> dict[str, Any]:
    """Ask by typing for half a minute; return how often Aura interrupted or heard itself."""
    address = url.replace("http", "ws", 1) + "/ws/voice/continuous?token=demo_token&audio=chunks"
    async with aiohttp.ClientSession() as http, http.ws_connect(address, max_msg_size=0) as ws:
        client = Echoing(ws, gain_db, delay_ms)
        tasks = [
            asyncio.create_task(client.microphone()),
            asyncio.create_task(client.loudspeaker()),
        ]
        await asyncio.sleep(SECONDS / 3)  # the greeting
        for _ in range(2):
            await ws.send_json({"type": "text", "text": "Please tell me a long story."})
            await asyncio.sleep(SECONDS / 3)
        for task in tasks:
            task.cancel()
    return {
        "gain_db": gain_db,
        "delay_ms": delay_ms,
        "interrupted_itself": client.told.count("ai_interrupted"),
        "heard_itself": max(0, client.told.count("user_transcript") - 2),
        "answers": client.told.count("ai_complete"),
    }


async def measure(url: str) -> list[dict[str, Any]]:
    found = []
    for gain_db, delay_ms in CASES:
        one = await loops(url, gain_db, delay_ms)
        print(one, flush=True)
        found.append(one)
    return found


def main() -> None:
    """Measure with the canceller and, if AURA_BENCH_BOTH is set, without; print and save."""
    settings = {"AURA_LLM_ENGINE": "simulated", "AURA_SIM_LLM_TOKENS": "40"}
    ways = {"canceller": "true"}
    if os.environ.get("AURA_BENCH_BOTH"):
        ways["gate"] = "false"
    found = {}
    for way, wanted in ways.items():
        print(f"-- {way}")
        with running(AURA_CANCEL_ECHO=wanted, **settings) as (url, _):
            found[way] = asyncio.run(measure(url))
    save("echo", seconds_each=SECONDS, **found)


if __name__ == "__main__":
    main()
