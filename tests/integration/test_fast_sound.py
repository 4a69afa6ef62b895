"""Sound faster than it is spoken: whoever sends it waits, strangers do not."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack

import pytest

from runtime.bus.connection import Bus
from schemas import subjects
from schemas.audio import AudioFrame
from schemas.events import SpeechStarted
from tests.at_work import until_logged
from tests.aura_process import SIMULATED, AuraProcess
from tests.caller import VOICE_MS, buzz, silence
from tests.flood import Flood
from tests.raw_websocket import BINARY, TEXT, frame
from workers.engines.protocols import Recognition
from workers.executor.engine_executor import EngineExecutor
from workers.loop.worker_loop import Worker
from workers.stt.stage import SttStage

START = frame(TEXT, b'{"type":"start_conversation"}')
SPEECH = (buzz(VOICE_MS) + silence(1300)) * 20
"""44 s, of which each part is an utterance."""
FLOOD = START + b"".join(
    frame(BINARY, SPEECH[at : at + 3200]) for at in range(0, len(SPEECH), 3200)
)
SLOW_RECOGNISER = {
    **SIMULATED,
    "AURA_STT_SLOTS": "9",
    "AURA_SIM_STT_MS": "300",
    "AURA_SIM_TTS_AUDIO_MS": "200",
    "AURA_TRUSTED_PROXIES": "127.0.0.1",
}


@pytest.fixture
def aura(tmp_path: pytest.TempPathFactory) -> Iterator[AuraProcess]:
    process = AuraProcess(tmp_path, env=SLOW_RECOGNISER)  # type: ignore[arg-type]  # a path
    try:
        yield process.wait_until_ready()
    finally:
        process.stop()


async def test_a_flood_of_speech_has_no_stranger_refused(aura: AuraProcess) -> None:
    """Eight sockets of one address send 44 s of speech twice; others come from elsewhere."""
    refused = 0
    with ExitStack() as floods:
        for _ in range(8):
            flood = Flood(aura.url, "/ws", FLOOD * 2, headers={"X-Forwarded-For": "203.0.113.7"})
            floods.enter_context(flood)
        until_s, number = time.monotonic() + 15, 0
        while time.monotonic() < until_s:
            number += 1
            stranger = {"X-Forwarded-For": f"198.51.100.{number}"}
            try:
                with await asyncio.to_thread(Flood, aura.url, "/ws", START, headers=stranger):
                    await asyncio.sleep(0.5)
            except ConnectionRefusedError:
                refused += 1
                await asyncio.sleep(0.5)
    assert refused == 0
    assert "new_calls_refused" not in aura.said()


class _SlowRecognizer:
    """Takes a tenth of the audio's length, for each utterance of a batch."""

    name = "slow"

    def warm(self) -> None:
        """There is nothing to load."""

    def transcribe(self, pcm: bytes, *, language: str) -> Recognition:
        del language
        time.sleep(len(pcm) / 32_000 / 10)
        return Recognition("words", 1.0, len(pcm) // 32, 0.0)

    def transcribe_each(
        self, pcms: Sequence[bytes], *, language: str, hurried: bool = False
    ) -> Iterator[tuple[int, Recognition]]:
        del hurried
        heard = [self.transcribe(pcm, language=language) for pcm in pcms]
        yield from enumerate(heard)


async def test_long_utterances_that_wait_together_are_honest_work(bus: Bus) -> None:
    """Eight of 8 s: a call of the engine takes longer than it may be silent, and has not hung."""
    stage = SttStage(
        _SlowRecognizer(),
        EngineExecutor(1, limit_s=1.0),
        partial_interval_ms=0,
        most_at_once=8,
    )
    stop = asyncio.Event()
    worker = Worker(bus, stage, 8, drain_s=2)
    running = asyncio.create_task(worker.run(stop))
    sessions = [f"long{number}" for number in range(8)]
    for session in sessions:
        started = SpeechStarted(
            tenant="t", session=session, at_ms=1, utterance=1, language="en", deadline_ms=60_001
        )
        await bus.publish(started)
        for seq in range(80):
            heard = AudioFrame(seq=seq, pcm=bytes(3200), from_ms=100 * seq)
            await bus.send(subjects.utterance(session, 1), heard)
        end = AudioFrame(seq=80, pcm=b"", from_ms=8000, end=True)
        await bus.send(subjects.utterance(session, 1), end)
    for session in sessions:
        await until_logged(bus, session, "heard", "transcript.final")
    stop.set()
    assert await running == 0
    assert worker.failed == 0
