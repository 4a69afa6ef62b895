"""People who pause: how often an answer comes into a pause, and how soon after the end.

    python -m benchmarks.pauses            in real time, through the whole program
    python -m benchmarks.pauses offline    the edge's decisions alone, for several lengths of waits

Recordings with labels are spoken to Aura, each in a call of its own (see `labelled_pauses`).
"Early" is an answer whose sound is sent in a pause after which the speaker goes on. The first audio
is timed from the labelled end of the speech. Bounds are of 95 %.
"""

from __future__ import annotations

import asyncio
import base64
import json
import math
import os
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from typing import Any

import aiohttp
import msgspec
import numpy as np

from aura.cli.call import SILENCE
from benchmarks import aura_server
from benchmarks.labelled_pauses import Labelled, labelled
from benchmarks.latency import machine
from benchmarks.llm_eot import eot
from benchmarks.offline import OfflineCall, Stages, began
from benchmarks.paused_sentences import room
from benchmarks.results import save
from benchmarks.turn_taking import hearing
from edge.core.client_events import Speech
from edge.core.endpointing.end_of_turn import WAITS
from runtime.audio import read_wav
from runtime.settings import load
from schemas.audio import BYTES_PER_MS
from schemas.session_config import SessionConfig
from workers.engines import model_download

FRAME = len(SILENCE)
LEAD_MS = 700
PATIENCE_S = 8.0
"""An answer later than this after the end does not count as one."""
HEARD_BYTES = 14_000 * BYTES_PER_MS
"""An offline recogniser hears so much before a pause: what is older is settled in a real one."""
FACTORS = (0.5, 0.75, 1.0, 1.25, 1.5)
"""Of the waits, for the curve of early against late."""
STAGES = Stages(stt_ms=110, llm_ms=200, tts_ms=180)
"""As on two quiet cores."""
DRAWS = 2000
SETTINGS = {"AURA_RECONNECTS_PER_MINUTE": "600"}


@dataclass
class Trial:
    """What came of one recording."""

    recording: str
    pauses: int
    early: list[int] = field(default_factory=list)
    """The pauses, by number, into which an answer came."""
    first_audio_ms: float | None = None
    transcript: str = ""
    """All final transcripts, appended."""


def judged(one: Labelled, sounds_ms: Sequence[float], transcript: str) -> Trial:
    """Return the trial of *one* whose answers were sent at *sounds_ms*, from its beginning."""
    trial = Trial(one.name, len(one.pauses), transcript=transcript)
    for number, (start_ms, end_ms) in enumerate(one.pauses):
        if any(start_ms < at <= end_ms for at in sounds_ms):
            trial.early.append(number)
    after = [at - one.done_ms for at in sounds_ms if at > one.done_ms]
    trial.first_audio_ms = min(after, default=None)
    return trial


# ---------------------------------------------------------------- bounds


def share_bounds(hits: int, count: int) -> tuple[float, float]:
    """Return Wilson's 95 % bounds of *hits* of *count*."""
    if not count:
        return 0.0, 1.0
    z, p = 1.96, hits / count
    middle = (p + z * z / (2 * count)) / (1 + z * z / count)
    half = z / (1 + z * z / count) * math.sqrt(p * (1 - p) / count + z * z / (4 * count * count))
    return max(0.0, middle - half), min(1.0, middle + half)


def percentile_bounds(values: Sequence[float], percent: int) -> tuple[float, float]:
    """Return the 95 % bounds of a percentile, by drawing the values again."""
    drawn = np.random.default_rng(1).choice(np.asarray(values), (DRAWS, len(values)))
    low, high = np.percentile(np.percentile(drawn, percent, axis=1), [2.5, 97.5])
    return float(low), float(high)


def summed(who: str, trials: Sequence[Trial]) -> dict[str, Any]:
    """Return and print the figures of *trials*."""
    pauses, early = sum(one.pauses for one in trials), sum(len(one.early) for one in trials)
    waits = [one.first_audio_ms for one in trials if one.first_audio_ms is not None]
    row: dict[str, Any] = {
        "who": who,
        "recordings": len(trials),
        "unanswered": len(trials) - len(waits),
        "pauses": pauses,
        "early": early,
        "early_share": round(early / pauses, 3) if pauses else None,
        "early_bounds": [round(b, 3) for b in share_bounds(early, pauses)],
    }
    for percent in (50, 95) if waits else ():
        row[f"p{percent}_ms"] = round(float(np.percentile(waits, percent)))
        row[f"p{percent}_bounds"] = [round(b) for b in percentile_bounds(waits, percent)]
    print(json.dumps(row), flush=True)
    return row


# ---------------------------------------------------------------- in real time


class Line:
    """A microphone that never stops, and the time of every sound and transcript."""

    def __init__(self, ws: aiohttp.ClientWebSocketResponse) -> None:
        self._ws = ws
        self._to_say: list[bytes] = []
        self._began_s: float | None = None
        self.sounds_s: list[float] = []
        self.transcripts: list[str] = []

    async def microphone(self) -> None:
        start, sent = time.monotonic(), 0
        while not self._ws.closed:
            sent += 1
            await asyncio.sleep(max(0.0, start + sent * 0.02 - time.monotonic()))
            if self._to_say and self._began_s is None:
                self._began_s = start + (sent - 1) * 0.02
            with suppress(ConnectionError):  # it is being closed
                await self._ws.send_bytes(self._to_say.pop(0) if self._to_say else SILENCE)

    async def ear(self) -> None:
        async for message in self._ws:
            said: dict[str, Any] = json.loads(message.data)
            if said["type"] == "user_transcript":
                self.transcripts.append(said["text"])
            elif (audio := said.get("audio")) and read_wav(base64.b64decode(audio)):
                self.sounds_s.append(time.monotonic())

    async def speak(self, one: Labelled) -> Trial:
        """Speak a recording, and wait for the answer to its end."""
        frames = range(0, len(one.pcm), FRAME)
        self._to_say = [one.pcm[at : at + FRAME].ljust(FRAME, b"\0") for at in frames]
        while self._began_s is None:
            await asyncio.sleep(0.005)
        began_s, done_s = self._began_s, self._began_s + one.done_ms / 1000
        while time.monotonic() < done_s + PATIENCE_S:
            await asyncio.sleep(0.02)
            if any(at > done_s for at in self.sounds_s):
                break
        sounds_ms = [(at - began_s) * 1000 for at in self.sounds_s]
        return judged(one, sounds_ms, " ".join(self.transcripts))


async def spoken(url: str, one: Labelled) -> Trial:
    """Return what comes of *one* in a call of its own."""
    address = url.replace("http", "ws", 1)
    query = "/ws/voice/continuous?token=demo_token&audio=chunks&greeting=0"
    async with (
        aiohttp.ClientSession() as http,
        http.ws_connect(address + query, max_msg_size=0) as ws,
    ):
        line = Line(ws)
        tasks = [asyncio.create_task(line.microphone()), asyncio.create_task(line.ear())]
        await asyncio.sleep(1.0)
        trial = await line.speak(one)
        for task in tasks:
            task.cancel()
        await ws.send_json({"type": "end_call"})
    print(json.dumps(asdict(trial)), flush=True)
    return trial


async def calls(url: str, recordings: Sequence[Labelled], rounds: int) -> list[Trial]:
    await spoken(url, min(recordings, key=lambda one: len(one.pcm)))  # the engines warm up
    return [await spoken(url, one) for _ in range(rounds) for one in recordings]


async def measured(url: str, rounds: int) -> dict[str, Any]:
    """Return the figures of the program at *url*."""
    trials = await calls(url, labelled(), rounds)
    model = model_download.turn_model(load().cache_dir).exists()
    return {**summed("Aura", trials), "turn_model": model, "trials": [asdict(t) for t in trials]}


def real_time() -> None:
    """Measure through the whole program, and write results/pauses.json."""
    rounds = int(os.environ.get("AURA_BENCH_ROUNDS", "1"))
    with aura_server.running(**SETTINGS) as (url, _):
        found = asyncio.run(measured(url, rounds))
    save("pauses", machine=machine(), **found)


# ---------------------------------------------------------------- without a clock


def curve(recordings: Sequence[Labelled], *, by_sound: bool) -> list[dict[str, Any]]:
    """Return early against late for each factor of the waits."""
    hear = hearing(by_sound=by_sound)
    witness = "with the model of turns" if by_sound else "by the words"
    rows = []
    for factor in FACTORS:
        usual = msgspec.structs.asdict(WAITS["auto"])
        waits = {name: round(ms * factor) for name, ms in usual.items()}
        begins = began(SessionConfig().but({"turns.waits": waits}))
        trials = []
        for one in recordings:
            call = OfflineCall(
                lambda pcm: hear(pcm[-HEARD_BYTES:]),
                begins,
                answer=("Sure.", bytes(2000 * BYTES_PER_MS)),
                stages=STAGES,
                eot=eot,
            )
            heard = call.run(room(LEAD_MS) + one.pcm + room(waits["unfinished_ms"] + 2500, 1))
            sent_ms = [float(at - LEAD_MS) for at, said in heard.of(Speech) if said.pcm]
            trials.append(judged(one, sent_ms, ""))
        rows.append({"factor": factor, **summed(f"{witness}, waits x {factor}", trials)})
    return rows


def offline(recordings: Sequence[Labelled]) -> None:
    """Draw the curve and write results/pauses_curve.json."""
    rows = curve(recordings, by_sound=False)
    if model_download.turn_model(load().cache_dir).exists():
        rows += curve(recordings, by_sound=True)
    else:
        print("without the model of turns: aura models fetch")
    save("pauses_curve", machine=machine(), rows=rows)


def main() -> None:
    """Measure as the command line says, unless there are no recordings."""
    if not labelled():
        return
    if "offline" in sys.argv[1:]:
        offline(labelled())
    else:
        real_time()


if __name__ == "__main__":
    main()
