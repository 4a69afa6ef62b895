"""Jobs that nobody is on the line for wait behind those of calls, in the engines' queue."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Coroutine, Iterator
from typing import Any, TypeVar

from runtime.bus.connection import Bus
from schemas import subjects
from schemas.audio import AudioFrame
from schemas.events import ResponseSentence, SpeechStarted
from workers.engines.protocols import Recognition
from workers.executor.engine_executor import EngineExecutor
from workers.loop.stage import JobContext
from workers.stt.stage import SttStage
from workers.tts.stage import TtsStage

FAR_MS = 2**45


class Engine:
    """Says what it was asked for, in which order; waits at the gate."""

    name = "engine"

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.asked: list[str] = []

    def warm(self) -> None: ...

    def synthesize(self, text: str) -> Iterator[bytes]:
        self.asked.append(text)
        yield bytes(64)

    def transcribe(self, pcm: bytes, *, language: str = "en") -> Recognition:
        self.asked.append(language)
        return Recognition(language, 0.9, audio_ms=len(pcm) // 32, took_ms=1.0)


J = TypeVar("J", ResponseSentence, SpeechStarted)


def job(bus: Bus, event: J) -> JobContext[J]:
    return JobContext(event=event, seq=1, attempt=1, bus=bus, started_s=time.monotonic())


async def in_order(
    engine: Engine, executor: EngineExecutor, *jobs: Coroutine[Any, Any, None]
) -> list[str]:
    """Return the order of *jobs*, which all come while the engine is busy."""
    busy = asyncio.create_task(executor.run(engine.gate.wait))
    tasks = [asyncio.create_task(one) for one in jobs]
    async with asyncio.timeout(10):
        while executor.waiting < len(jobs):
            await asyncio.sleep(0.01)
    engine.gate.set()
    await asyncio.gather(busy, *tasks)
    return engine.asked


def sentence(session: str, index: int, *, background: bool) -> ResponseSentence:
    return ResponseSentence(
        tenant="t",
        at_ms=0,
        session=session,
        turn=1,
        index=index,
        text=f"{session} {index}",
        first_token_ms=0,
        took_ms=0,
        model="",
        deadline_ms=FAR_MS,
        background=background,
    )


async def test_a_late_sentence_of_a_call_is_spoken_before_the_first_of_a_request(bus: Bus) -> None:
    engine, executor = Engine(), EngineExecutor(1, limit_s=10)
    stage = TtsStage(engine, executor)
    alone, call = (
        sentence("alone", 0, background=True),
        sentence("call", 7, background=False),
    )
    asked = await in_order(engine, executor, stage.run(job(bus, alone)), stage.run(job(bus, call)))
    assert asked == ["call 7", "alone 0"]


async def test_the_words_of_a_call_are_recognised_before_those_of_a_request(bus: Bus) -> None:
    """Each in its language: recognisers know no regions."""
    engine, executor = Engine(), EngineExecutor(1, limit_s=10)
    stage = SttStage(engine, executor, partial_interval_ms=0)
    started = []
    for name, language, background in (("alone", "pt-BR", True), ("call", "de", False)):
        spoken = SpeechStarted(
            tenant="t",
            at_ms=0,
            session=name,
            utterance=1,
            language=language,
            deadline_ms=FAR_MS,
            background=background,
        )
        started.append(stage.run(job(bus, spoken)))
        await bus.send(subjects.utterance(name, 1), AudioFrame(seq=0, pcm=bytes(3200), end=True))
    await bus.flush()
    assert await in_order(engine, executor, *started) == ["de", "pt"]
