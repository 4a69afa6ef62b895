"""The cost of the bus and the edge in a turn: simulated engines, one call, the peer beside it.

STT takes 50 ms, the LLM 100 ms and then 10 ms a token (20 of them, one sentence), TTS 50 ms for two
seconds of audio. There are no speculative responses: all work is sequential, so that its cost is
visible. The overhead of a turn is the time from the frame that decides its end (found by the same
detector on the same frames) to the first audio at the client, less the time of the engines. The
time by which a transcript exceeds its 50 ms is measured too.

A virtual machine stands still for 10 to 40 ms while its host runs others. The kernel counts that
time (steal, in steps of 10 ms), so that those turns are counted separately.
"""

import asyncio
import base64
import json
import time
from typing import Any

import aiohttp
import numpy as np
import psutil

from benchmarks import aura_server, peer
from benchmarks.latency import machine
from benchmarks.recordings import buzz
from benchmarks.results import save
from edge.core.endpointing.end_of_turn import WAITS, Evidence, wait_ms
from edge.core.hearing.framing import FRAME_BYTES, FRAME_MS, SILENCE
from edge.core.hearing.speech_detector import SpeechDetector
from edge.core.hearing.vad import VoiceActivity
from schemas.session_config import TurnConfig
from workers.engines.simulated import HEARD

STT_MS, LLM_MS, TTS_MS, ANSWER_MS = 50.0, 100.0 + 19 * 10.0, 50.0, 2000
ENGINES = {
    "AURA_STT_ENGINE": "simulated",
    "AURA_LLM_ENGINE": "simulated",
    "AURA_TTS_ENGINE": "simulated",
    "AURA_SIM_STT_MS": f"{STT_MS}",
    "AURA_SIM_LLM_FIRST_MS": "100",
    "AURA_SIM_LLM_TOKEN_MS": "10",
    "AURA_SIM_TTS_MS": f"{TTS_MS}",
    "AURA_SIM_TTS_AUDIO_MS": f"{ANSWER_MS}",
    "AURA_SPECULATE": "false",
    "AURA_STT_PARTIAL_INTERVAL_MS": "0",
}
QUESTION = buzz(900)
FRAMES = [QUESTION[at : at + FRAME_BYTES] for at in range(0, len(QUESTION), FRAME_BYTES)]
PATH = "/ws/voice/continuous?token=demo_token&greeting=0&audio=chunks&metrics=1"
PAUSE_S = 0.5
"""Between an answer's last sound and the next question."""


def deciding_frame() -> int:
    """Return the number of the frame, from the question's first, that ends the turn."""
    vad, detector = VoiceActivity(), SpeechDetector(TurnConfig().min_speech_ms)
    for _ in range(50):
        detector.feed(voiced=vad.is_voice(SILENCE))
    enough_ms = wait_ms(Evidence(HEARD, language="en"), WAITS["auto"])
    for number in range(len(FRAMES) + 200):
        frame = FRAMES[number] if number < len(FRAMES) else SILENCE
        detector.feed(voiced=vad.is_voice(frame))
        if number >= len(FRAMES) and detector.silence_ms >= enough_ms:
            return number
    raise RuntimeError("the question has no end")


def stolen_s() -> float:
    """Return the stolen CPU time of this machine so far; 0 if the kernel does not count it."""
    return float(getattr(psutil.cpu_times(), "steal", 0.0))


async def turns(url: str, count: int) -> list[dict[str, float]]:
    """Hold a call of *count* questions; return the cost of each, ms."""
    deciding, costs = deciding_frame(), []
    heard: list[tuple[float, float]] = []  # time of the first audio, time stolen until then, s
    steps: list[dict[str, Any]] = []
    address = url.replace("http", "ws", 1) + PATH

    async with aiohttp.ClientSession() as http, http.ws_connect(address, max_msg_size=0) as ws:
        listening = asyncio.create_task(_listen(ws, heard, steps))
        start, sent = time.monotonic(), 0

        async def send(frame: bytes) -> float:
            nonlocal sent
            await asyncio.sleep(max(0.0, start + sent * FRAME_MS / 1000 - time.monotonic()))
            at = time.monotonic()
            await ws.send_bytes(frame)
            sent += 1
            return at

        for number in range(-2, count):
            for _ in range(round(PAUSE_S * 1000 / FRAME_MS)):
                await send(SILENCE)
            heard.clear()
            steps.clear()
            before = stolen_s()
            silence = (ANSWER_MS + 1200) // FRAME_MS
            sent_at = [await send(frame) for frame in [*FRAMES, *[SILENCE] * silence]]
            if number >= 0 and heard and steps:
                audio_at, stolen = heard[0]
                stolen_ms = (stolen - before) * 1000
                costs.append(cost(audio_at - sent_at[deciding], steps[0], stolen_ms))
        listening.cancel()
    return costs


async def _listen(
    ws: aiohttp.ClientWebSocketResponse,
    heard: list[tuple[float, float]],
    steps: list[dict[str, Any]],
) -> None:
    """Note the first audio of each turn in *heard* and its metrics in *steps*: see `turns`."""
    async for message in ws:
        now, fields = time.monotonic(), json.loads(message.data)
        if fields["type"] == "ai_audio_chunk" and not heard and base64.b64decode(fields["audio"]):
            heard.append((now, stolen_s()))
        elif fields["type"] == "turn_metrics":
            steps.append(fields)


def cost(answered_s: float, steps: dict[str, Any], stolen_ms: float) -> dict[str, float]:
    """Return the cost of a turn, ms, whose first audio came *answered_s* after its end."""
    after_ms = answered_s * 1000 - LLM_MS - TTS_MS
    words_ms = steps["transcript_ms"] - steps["pause_ms"] - STT_MS
    row = {"felt_ms": after_ms, "words_ms": words_ms, "stolen_ms": stolen_ms}
    return {name: round(value, 3) for name, value in row.items()}


def spread(costs: list[dict[str, float]]) -> dict[str, Any]:
    """Return the number of turns and the percentiles of their costs, ms."""
    felt = [turn["felt_ms"] for turn in costs]
    every = [turn["felt_ms"] + turn["words_ms"] for turn in costs]
    figures: dict[str, Any] = {"turns": len(costs)}
    for name, values in (("", every), ("felt_", felt)):
        for q in (50, 99):
            figures[f"{name}p{q}_ms"] = round(float(np.percentile(values, q)), 1)
    return figures


def main(count: int = 80) -> None:
    """Measure and write results/bus.json."""
    with aura_server.running(**ENGINES) as (url, _):
        costs = asyncio.run(turns(url, count))
    ours = [turn for turn in costs if not turn["stolen_ms"]]
    row = {"of": count, **spread(costs), "undisturbed": spread(ours) if ours else None}
    print(row, flush=True)
    without = peer.missing()
    beside = None if without else peer.overhead()
    print(without or beside)
    save("bus", machine=machine(), **row, peer=beside, all=costs)


if __name__ == "__main__":
    main()
