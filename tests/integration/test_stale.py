"""Utterances that waited too long for a recogniser do not keep those of now from theirs."""

from __future__ import annotations

import asyncio
import time

from runtime.bus.connection import Bus
from schemas import subjects
from schemas.audio import AudioFrame
from schemas.events import JobFailed, SpeechStarted, TranscriptFinal
from tests.at_work import stored, until_logged, working
from workers.engines.simulated import SimulatedRecognizer
from workers.executor.engine_executor import EngineExecutor
from workers.stt.stage import SttStage

AT_MS = 1_000_000
"""On a clock of the edge's that nobody else shares."""
PATIENCE_MS = 300


async def speak(bus: Bus, session: str, *, frames: int) -> None:
    """Publish an utterance of *frames* frames, the last of them its end."""
    started = SpeechStarted(
        tenant="t",
        session=session,
        at_ms=AT_MS,
        utterance=1,
        language="en",
        deadline_ms=AT_MS + PATIENCE_MS,
    )
    await bus.publish(started)
    for seq in range(frames):
        frame = AudioFrame(seq=seq, pcm=bytes(640), end=seq == frames - 1)
        await bus.send(subjects.utterance(session, 1), frame)
    await bus.flush()


def recogniser() -> SttStage:
    return SttStage(
        SimulatedRecognizer(delay_ms=1), EngineExecutor(2, limit_s=5), partial_interval_ms=0
    )


async def test_utterances_whose_audio_is_gone_give_their_slots_to_those_of_now(bus: Bus) -> None:
    for number in range(4):
        await speak(bus, f"old{number}", frames=0)
    await asyncio.sleep(PATIENCE_MS / 1000 + 0.1)
    began = time.monotonic()
    async with working(bus, recogniser(), slots=2):
        await speak(bus, "new", frames=3)
        await until_logged(bus, "new", "heard", "transcript.final")
        took_s = time.monotonic() - began
    assert took_s < 9, "two rounds of two slots that end at once, not of 10 s each"
    for number in range(4):
        assert await stored(bus, f"old{number}", "heard") == [], "no words are no empty words"
        (failed,) = [one.event() for one in await stored(bus, f"old{number}", "out")]
        assert isinstance(failed, JobFailed)
        assert (failed.stage, failed.utterance, failed.attempts) == ("stt", 1, 1)
        assert "its audio is gone" in failed.reason


async def test_an_utterance_that_waited_long_is_recognised_where_its_audio_is_there(
    bus: Bus,
) -> None:
    await speak(bus, "late", frames=3)
    await asyncio.sleep(PATIENCE_MS / 1000 + 0.1)
    async with working(bus, recogniser(), slots=1):
        await until_logged(bus, "late", "heard", "transcript.final")
    (final,) = [one.event() for one in await stored(bus, "late", "heard")]
    assert isinstance(final, TranscriptFinal)
    assert final.text
    assert await stored(bus, "late", "out") == []
