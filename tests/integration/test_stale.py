"""Utterances that waited too long for a recogniser do not keep those of now from theirs."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from aura.bus.connection import Bus, Stored
from schemas import codec, subjects
from schemas.audio import AudioFrame
from schemas.events import JobFailed, SpeechStarted, TranscriptFinal
from workers.desk import Desk
from workers.engines.simulated import SimulatedRecognizer
from workers.serve import Worker
from workers.stt import SttStage

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
    await bus.nc.flush()


@asynccontextmanager
async def listening(bus: Bus, slots: int) -> AsyncIterator[None]:
    recognizer = SimulatedRecognizer(delay_ms=1)
    stage = SttStage(recognizer, Desk(2, limit_s=5), partial_interval_ms=0)
    stop = asyncio.Event()
    running = asyncio.create_task(Worker(bus, stage, slots, drain_s=1).run(stop))
    try:
        yield
    finally:
        stop.set()
        await running


async def stored(bus: Bus, session: str, kind: str) -> list[Stored]:
    return await bus.read(subjects.EVENTS_STREAM, subjects.session_events("t", session, kind))


async def until(done: Callable[[list[Stored]], bool], bus: Bus, session: str, kind: str) -> None:
    async with asyncio.timeout(8):
        while not done(await stored(bus, session, kind)):
            await asyncio.sleep(0.02)


def has(type_: str) -> Callable[[list[Stored]], bool]:
    return lambda found: any(one.headers[codec.TYPE_HEADER] == type_ for one in found)


async def test_utterances_whose_audio_is_gone_give_their_slots_to_those_of_now(bus: Bus) -> None:
    for number in range(4):
        await speak(bus, f"old{number}", frames=0)
    await asyncio.sleep(PATIENCE_MS / 1000 + 0.1)
    began = time.monotonic()
    async with listening(bus, slots=2):
        await speak(bus, "new", frames=3)
        await until(has("transcript.final"), bus, "new", "heard")
        took_s = time.monotonic() - began
    assert took_s < 5, "two rounds of two slots that end at once, not of 10 s each"
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
    async with listening(bus, slots=1):
        await until(has("transcript.final"), bus, "late", "heard")
    (final,) = [one.event() for one in await stored(bus, "late", "heard")]
    assert isinstance(final, TranscriptFinal)
    assert final.text
    assert await stored(bus, "late", "out") == []
