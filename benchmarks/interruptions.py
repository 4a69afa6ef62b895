"""People speak over a response, in real time and through the whole program: how soon it stops.

Real recogniser and voice; the language model is simulated, for its long answers. Over the greeting
and over a typed question's answer, as chunks and as sentences, recordings of people in
$AURA_BENCH_AUDIO begin 1.5 s into the sound. Noises and backchannels come the same way.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import statistics
import time
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from typing import Any

import aiohttp
import numpy as np

from aura.cli.call import SILENCE
from benchmarks.aura_server import running
from benchmarks.recordings import people
from benchmarks.results import save
from runtime.audio import read_wav
from runtime.settings import load
from workers.engines import factory

FRAME = len(SILENCE)
INTO_S, SPEAK_S, AFTER_S = 1.5, 3.0, 3.0
QUERIES = {
    "answer, chunks": "audio=chunks&greeting=0",
    "answer, sentences": "greeting=0",
    "greeting": "audio=chunks",
}


@dataclass
class Trial:
    """One recording over one response; ms after its first loud frame left the client."""

    over: str
    what: str
    told_ms: float | None = None
    """`ai_interrupted` came."""
    silent_ms: float | None = None
    """The last sound that was heard before it ended."""
    resumed: bool = False
    """Sound came again while the person still spoke."""


@dataclass
class Client:
    """A microphone and a loudspeaker."""

    ws: aiohttp.ClientWebSocketResponse
    to_say: list[bytes] = field(default_factory=list)
    sounds: list[tuple[float, float]] = field(default_factory=list)
    """When each piece came, and how long it is, s."""
    told: list[tuple[float, str]] = field(default_factory=list)

    async def microphone(self) -> None:
        start, sent = time.monotonic(), 0
        while not self.ws.closed:
            sent += 1
            await asyncio.sleep(max(0.0, start + sent * 0.02 - time.monotonic()))
            with suppress(ConnectionError):
                await self.ws.send_bytes(self.to_say.pop(0) if self.to_say else SILENCE)

    async def loudspeaker(self) -> None:
        async for message in self.ws:
            said: dict[str, Any] = json.loads(message.data)
            now = time.monotonic()
            self.told.append((now, said["type"]))
            if audio := said.get("audio"):
                self.sounds.append((now, len(read_wav(base64.b64decode(audio))) / 32000))

    def playing_until(self, at: float) -> float:
        """Return until when what came before *at* is heard."""
        until = 0.0
        for came, length in self.sounds:
            if came <= at:
                until = max(until, came) + length
        return until


def loud_frame(pcm: bytes) -> int:
    """Return the number of the first frame that can be heard."""
    frames = np.frombuffer(pcm, "<i2")[: len(pcm) // FRAME * (FRAME // 2)].reshape(-1, FRAME // 2)
    rms = np.sqrt((frames.astype(np.float64) ** 2).mean(axis=1))
    return int(np.argmax(rms > 0.1 * rms.max()))


async def trial(url: str, over: str, what: str, pcm: bytes) -> Trial:
    """Speak *pcm* over a response and return what became of it."""
    pcm = pcm[loud_frame(pcm) * FRAME :][: int(SPEAK_S * 32000)]
    address = url.replace("http", "ws", 1) + "/ws/voice/continuous?token=demo_token&"
    async with (
        aiohttp.ClientSession() as http,
        http.ws_connect(address + QUERIES[over], max_msg_size=0) as ws,
    ):
        client = Client(ws)
        tasks = [
            asyncio.create_task(client.microphone()),
            asyncio.create_task(client.loudspeaker()),
        ]
        if over != "greeting":
            await asyncio.sleep(0.3)
            await ws.send_json({"type": "text", "text": "Please tell me a long story."})
        until = time.monotonic() + 20
        while not client.sounds and time.monotonic() < until:
            await asyncio.sleep(0.01)
        await asyncio.sleep(INTO_S)
        client.to_say = [
            pcm[at : at + FRAME].ljust(FRAME, b"\0") for at in range(0, len(pcm), FRAME)
        ]
        began = time.monotonic() + 0.02
        spoken = began + len(pcm) / 32000
        await asyncio.sleep(len(pcm) / 32000 + AFTER_S)
        for task in tasks:
            task.cancel()
    found = Trial(over, what)
    told = [at for at, kind in client.told if kind == "ai_interrupted" and at >= began]
    if told:
        found.told_ms = (told[0] - began) * 1000
    after = [at for at, _ in client.sounds if at > began + 0.4]
    stops = min([client.playing_until(began + 0.4), *told])
    found.silent_ms = (stops - began) * 1000
    found.resumed = any(stops + 0.05 < at < spoken - 0.3 for at in after)
    return found


async def measure(url: str) -> list[Trial]:
    sounds = [(f"person {name}", pcm) for name, pcm in people().items()]
    rng = np.random.default_rng(3)
    cough = (rng.normal(0, 5000, 4800) * np.exp(-np.arange(4800) / 1500)).astype("<i2").tobytes()
    typing = b"".join(
        (rng.normal(0, 3000, 320) * np.exp(-np.arange(320) / 60)).astype("<i2").tobytes()
        + bytes(2 * int(rng.integers(1200, 3600)))
        for _ in range(12)
    )
    noise = rng.normal(0, 1500, 40_000).astype("<i2").tobytes()
    nothing = [("cough", cough), ("typing", typing), ("noise", noise)]
    speak = factory.synthesizer(load(tts_engine="piper"))
    nothing += [(word, b"".join(speak.synthesize(word))) for word in ("Mhm.", "Right.", "Okay.")]
    found: list[Trial] = []
    for over in QUERIES:
        for what, pcm in [*sounds, *nothing] * int(os.environ.get("AURA_BENCH_ROUNDS", "2")):
            one = await trial(url, over, what, pcm)
            print(asdict(one), flush=True)
            found.append(one)
    return found


def summed(trials: list[Trial]) -> dict[str, Any]:
    """Return the figures of *trials* with people."""
    told = sorted(one.told_ms for one in trials if one.told_ms is not None)
    chunks = sorted(
        one.silent_ms for one in trials if "chunks" in one.over and one.silent_ms is not None
    )
    return {
        "trials": len(trials),
        "told": len(told),
        "resumed_over_a_speaker": sum(one.resumed for one in trials),
        "told_p50_ms": statistics.median(told) if told else None,
        "told_p95_ms": told[int(len(told) * 0.95)] if told else None,
        "silent_p50_ms": statistics.median(chunks) if chunks else None,
        "silent_p95_ms": chunks[int(len(chunks) * 0.95)] if chunks else None,
    }


def main() -> None:
    """Measure, print and save."""
    if not people():
        print("no recordings of people: set AURA_BENCH_AUDIO to a folder of WAVs")
        return
    settings = {"AURA_LLM_ENGINE": "simulated", "AURA_SIM_LLM_TOKENS": "60"}
    with running(**settings) as (url, _):
        trials = asyncio.run(measure(url))
    with_people = summed([one for one in trials if one.what.startswith("person")])
    nothing = [one for one in trials if not one.what.startswith("person")]
    stopped = {
        "trials": len(nothing),
        "stopped": sum(one.told_ms is not None for one in nothing),
    }
    print(json.dumps({"people": with_people, "nothing": stopped}, indent=1))
    save("interruptions", people=with_people, nothing=stopped, trials=[asdict(t) for t in trials])


if __name__ == "__main__":
    main()
