"""Long speech through the STT stage: words lost, CPU a second, and how soon a pause has its words.

    AURA_BENCH_AUDIO=DIR python -m benchmarks.long_speech [SECONDS ...]

One utterance of each length is joined from sentences in Aura's own voice and the recordings of
people in $AURA_BENCH_AUDIO (their words in its labels.json), with pauses of a tenth to a whole
second between them; endpointing never ends it. A real nats-server, the edge's own segmenter, the
real recogniser; at each pause the speaker waits for the words, so hours are measured in minutes.
The words are compared with those of the recogniser on the whole sound at once, and with the truth.
"""

from __future__ import annotations

import argparse
import asyncio
import difflib
import json
import os
import random
import statistics
import tempfile
import time
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import structlog

from benchmarks import stt_window
from benchmarks.latency import machine
from benchmarks.nats_server import NatsServer
from benchmarks.results import save
from deploy.provision import provision
from edge.core.effects import SendFrame
from edge.core.hearing.caller_audio import CallerAudio
from edge.core.hearing.framing import FRAME_BYTES, FRAME_MS
from edge.core.hearing.segmenter import Segmenter
from runtime.audio import read_wav
from runtime.bus.connection import Bus, connect
from runtime.bus.delivery import Delivery
from runtime.settings import load
from runtime.word_errors import distance
from schemas import subjects
from schemas.audio import BYTES_PER_MS, AudioFrame
from schemas.events import SpeechStarted, TranscriptFinal, TranscriptGuess
from schemas.session_config import SessionConfig
from workers.engine_executor import EngineExecutor
from workers.engines.stt.whisper import WhisperRecognizer
from workers.stt import SttStage
from workers.worker_loop import Worker

SECONDS = (*[10] * 12, 30, 120, 600)
UNTIL_S = (10, 30, 90, 300, 3600)
"""Into the speech: the waits of the pauses before and after these are told apart."""
PAUSES_MS = (100, 1000)
PATIENCE_S = 30.0


def clips() -> list[tuple[str, bytes]]:
    """Return what may be said: words, and s16le mono 16 kHz."""
    own = [(text, _pcm(audio)) for text, audio in stt_window.spoken()]
    folder = Path(os.environ.get("AURA_BENCH_AUDIO", ""))
    labels = folder / "labels.json"
    if not os.environ.get("AURA_BENCH_AUDIO") or not labels.exists():
        print("!! No labels.json in $AURA_BENCH_AUDIO: Aura's own voice alone is recognised")
        return own
    people = [
        (one["words"], read_wav((folder / one["file"]).read_bytes()))
        for one in json.loads(labels.read_text(encoding="utf-8"))
        if one.get("words") and one["file"].endswith(".wav")
    ]
    return own + people


def _pcm(audio: stt_window.Floats) -> bytes:
    return (np.clip(audio, -1, 1) * 32767).astype("<i2").tobytes()


def speech(seconds: int, seed: int, given: list[tuple[str, bytes]]) -> tuple[str, bytes]:
    """Return about *seconds* of *given*, joined with pauses, and all their words."""
    chance, hiss = random.Random(seed), np.random.default_rng(seed)
    said: list[str] = []
    pcm = bytearray()
    while len(pcm) < seconds * 1000 * BYTES_PER_MS:
        for text, sound in chance.sample(given, len(given)):
            if len(pcm) < seconds * 1000 * BYTES_PER_MS:
                pause = hiss.normal(0, 12, 16 * chance.randint(*PAUSES_MS))
                pcm += sound + pause.astype("<i2").tobytes()
                said.append(text)
    return " ".join(said), bytes(pcm)


def messages(pcm: bytes) -> Iterator[AudioFrame]:
    """Yield *pcm* as one utterance, as an edge sends it."""
    sent: deque[SendFrame] = deque()
    audio, segmenter = CallerAudio(), Segmenter(SessionConfig().turns, 0, sent.append)
    now_ms = 0
    for at in range(0, len(pcm) - FRAME_BYTES + 1, FRAME_BYTES):
        now_ms += FRAME_MS
        list(segmenter.hear(audio.hear(pcm[at : at + FRAME_BYTES], now_ms), now_ms))
        while sent:
            yield sent.popleft().frame
    segmenter.close(stands=0)
    yield from (last.frame for last in sent)


class Speaker:
    """Speaks one utterance, and waits at each pause until its words are there."""

    def __init__(self, bus: Bus, session: str) -> None:
        self.waits: list[tuple[int, float]] = []
        """Where in the speech, ms, and how long for the words, ms."""
        self.final: TranscriptFinal | None = None
        self._bus = bus
        self._session = session
        self._pause = 0
        self._heard = asyncio.Event()

    async def on_event(self, said: Delivery) -> None:
        event = said.event()
        if isinstance(event, TranscriptFinal):
            self.final = event
        elif not isinstance(event, TranscriptGuess) or event.pause != self._pause:
            return
        self._heard.set()

    async def speak(self, pcm: bytes) -> None:
        started = SpeechStarted(
            tenant="bench",
            session=self._session,
            at_ms=1,
            utterance=1,
            language="en",
            deadline_ms=60_001,
        )
        await self._bus.publish(started)
        sent_ms = 0
        for message in messages(pcm):
            sent_ms += len(message.pcm) // BYTES_PER_MS
            self._pause = message.pause
            self._heard.clear()
            began_s = time.perf_counter()
            await self._bus.send(subjects.utterance(self._session, 1), message)
            if message.pause or message.end:
                async with asyncio.timeout(PATIENCE_S + sent_ms / 10_000):
                    await self._heard.wait()
                if message.pause:
                    self.waits.append((sent_ms, (time.perf_counter() - began_s) * 1000))


async def through_the_stage(
    bus: Bus, stage: SttStage, session: str, pcm: bytes
) -> tuple[Speaker, float]:
    """Return what became of *pcm*, and the CPU seconds of worker, edge and speaker."""
    stop = asyncio.Event()
    speaker = Speaker(bus, session)
    working = asyncio.create_task(Worker(bus, stage, 2, drain_s=1).run(stop))
    async with bus.listening(subjects.live("bench", session, "heard"), speaker.on_event):
        began_s = time.process_time()
        await speaker.speak(pcm)
        cpu_s = time.process_time() - began_s
    stop.set()
    await working
    return speaker, cpu_s


def compared(truth: str, heard: str) -> dict[str, int]:
    """Return how many words of *truth* are wrong, missing and added in *heard*."""
    one, other = stt_window.words(truth), stt_window.words(heard)
    found = {"words": len(one), "wrong": distance(one, other), "lost": 0, "added": 0}
    matcher = difflib.SequenceMatcher(None, one, other, autojunk=False)
    for kind, a, b, c, d in matcher.get_opcodes():
        if kind != "equal":
            found["lost"] += max(0, (b - a) - (d - c))
            found["added"] += max(0, (d - c) - (b - a))
    return found


async def measured(lengths: list[int]) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Return a row a speech, and the waits of all by how far into the speech they were."""
    recognizer = WhisperRecognizer("tiny.en", cache=stt_window.CACHE)
    recognizer.warm()
    given, rows, waits = clips(), [], list[tuple[int, float]]()
    with tempfile.TemporaryDirectory() as folder:
        server = NatsServer(Path(folder))
        server.start()
        structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(30))
        bus = await connect(load(nats_url=server.url, data_dir=folder), "bench")
        await provision(bus)
        stage = SttStage(recognizer, EngineExecutor(2, limit_s=600), partial_interval_ms=0)
        for seed, seconds in enumerate(lengths):
            said, pcm = speech(seconds, seed, given)
            speaker, cpu_s = await through_the_stage(bus, stage, f"s{seed}", pcm)
            waits += speaker.waits
            began_s = time.process_time()
            whole = await asyncio.to_thread(recognizer.transcribe, pcm, language="en")
            whole_s = time.process_time() - began_s
            spoken_s = len(pcm) / 1000 / BYTES_PER_MS
            heard = speaker.final.text if speaker.final else ""
            rows.append(
                {
                    "seconds": round(spoken_s),
                    "pauses": len(speaker.waits),
                    "cpu_ms_a_second": round(1000 * cpu_s / spoken_s, 1),
                    "whole_cpu_ms_a_second": round(1000 * whole_s / spoken_s, 1),
                    "to_truth": compared(said, heard),
                    "whole_to_truth": compared(said, whole.text),
                    "to_whole": compared(whole.text, heard),
                }
            )
            print(rows[-1], flush=True)
        await bus.close()
        server.stop()
    return rows, _waits(waits)


def _waits(waits: list[tuple[int, float]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    since_s = 0
    for until_s in UNTIL_S:
        ms = sorted(ms for at_ms, ms in waits if since_s <= at_ms / 1000 < until_s)
        if ms:
            p50_ms, p95_ms = statistics.median(ms), ms[int(0.95 * (len(ms) - 1))]
            span = f"{since_s} to {until_s} s"
            found[span] = {"pauses": len(ms), "p50_ms": round(p50_ms), "p95_ms": round(p95_ms)}
        since_s = until_s
    return found


def main() -> None:
    """Measure and write results/long_speech.json."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("seconds", type=int, nargs="*", default=SECONDS)
    rows, waits = asyncio.run(measured(list(parser.parse_args().seconds)))
    print(waits)
    save("long_speech", machine=machine(), rows=rows, waits=waits)


if __name__ == "__main__":
    main()
