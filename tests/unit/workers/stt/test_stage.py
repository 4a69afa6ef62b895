"""An utterance whose audio is late, lost or broken off has the words that can be had, or none."""

from __future__ import annotations

import asyncio
import threading
from typing import Any, cast

import pytest

from runtime.bus.audio_messages import LOST_AUDIO_S
from runtime.bus.connection import Bus
from runtime.bus.errors import BusAwayError
from schemas.audio import AudioFrame, TranscriptPartial
from schemas.events import SpeechStarted, TranscriptFinal, TranscriptGuess
from tests.numbered_speech import NumberRecognizer, numbers, spoken
from tests.unit.workers.stage_bus import StageBus
from workers.engines.protocols import Recognition, TurnModel
from workers.executor.engine_executor import EngineExecutor
from workers.loop.job_target import EngineHungError, StaleJobError
from workers.loop.stage import JobContext
from workers.stt.stage import STALE_LIMIT_S, SttStage

DEADLINE: dict[str, Any] = {"at_ms": 1000, "deadline_ms": 4000}
"""Of a job that has three seconds."""


class Gated(NumberRecognizer):
    """A recogniser that waits at its gate."""

    def __init__(self) -> None:
        super().__init__()
        self.began, self.gate = threading.Event(), threading.Event()

    def transcribe(self, pcm: bytes, *, language: str) -> Recognition:
        self.began.set()
        self.gate.wait(5)
        return super().transcribe(pcm, language=language)


class Judge:
    """A turn model that fails as it is told."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def warm(self) -> None: ...

    def eot_audio(self, pcm: bytes) -> float:
        del pcm
        raise self._error


def stage(
    recognizer: NumberRecognizer | None = None,
    *,
    turns: TurnModel | None = None,
    interval_ms: int = 0,
) -> SttStage:
    return SttStage(
        recognizer or NumberRecognizer(),
        EngineExecutor(1, limit_s=5),
        turn_model=turns,
        partial_interval_ms=interval_ms,
    )


def job(
    bus: StageBus, *, attempt: int = 1, waited_s: float = 0.0, **said: Any
) -> JobContext[SpeechStarted]:
    fields: dict[str, Any] = {
        "tenant": "t",
        "session": "s",
        "at_ms": 1,
        "utterance": 1,
        "language": "en",
        "deadline_ms": 0,
        **said,
    }
    event = SpeechStarted(**fields)
    return JobContext(event, 1, attempt, cast("Bus", bus), 10.0, waited_s, clock=lambda: 10.25)


def now_s() -> float:
    return asyncio.get_running_loop().time()


def final(bus: StageBus) -> TranscriptFinal:
    last = bus.published[-1]
    assert isinstance(last, TranscriptFinal)
    return last


def guesses(bus: StageBus) -> list[str]:
    return [event.text for event in bus.published if isinstance(event, TranscriptGuess)]


# ------------------------------------------------------------------ jobs that waited too long


async def test_a_job_past_its_deadline_whose_audio_is_gone_is_given_up_soon() -> None:
    bus, began_s = StageBus(), now_s()
    with pytest.raises(StaleJobError, match="no worker was free for 3 s"):
        await stage().run(job(bus, waited_s=3.1, **DEADLINE))
    assert now_s() - began_s == pytest.approx(STALE_LIMIT_S)
    assert bus.published == []
    assert bus.listeners == 0


async def test_a_job_past_its_deadline_whose_audio_is_there_is_done_all_the_same() -> None:
    bus = StageBus(*spoken([(2, 0)]))
    await stage().run(job(bus, waited_s=9, **DEADLINE))
    assert final(bus).text == "1 2"


@pytest.mark.parametrize("waits", [{"waited_s": 3, **DEADLINE}, {"waited_s": 9, "deadline_ms": 0}])
async def test_a_job_that_is_in_time_or_has_no_deadline_waits_for_its_first_audio(
    waits: dict[str, Any],
) -> None:
    bus, began_s = StageBus(), now_s()
    await stage().run(job(bus, **waits))
    assert now_s() - began_s == pytest.approx(LOST_AUDIO_S, abs=0.5)
    assert (final(bus).text, final(bus).audio_ms) == ("", 0)


# ------------------------------------------------------------------ audio that is lost, or late


async def test_an_utterance_whose_edge_is_gone_ends_with_the_words_so_far() -> None:
    *frames, _ = spoken([(2, 0)])
    bus, began_s = StageBus(*frames), now_s()
    await stage().run(job(bus))
    assert (final(bus).text, final(bus).audio_ms) == ("1 2", 600)
    assert now_s() - began_s == pytest.approx(LOST_AUDIO_S, abs=0.5)


async def test_audio_that_was_not_heard_live_is_read_from_the_stream() -> None:
    frames, bus = spoken([(3, 0)]), StageBus()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(stage().run(job(bus)))
        await asyncio.sleep(0.1)
        bus.stored = frames
        await bus.speak(*frames[:2], *frames[6:])
    assert (final(bus).text, final(bus).audio_ms) == ("1 2 3", 900)


# ------------------------------------------------------------------ order, and what fails


async def test_the_final_transcript_has_the_time_of_the_job_and_is_published_once() -> None:
    bus = StageBus(*spoken([(20, 4), (1, 4)]))
    await stage().run(job(bus))
    assert final(bus).text.split() == numbers(21)
    assert (final(bus).at_ms, final(bus).confidence) == (251, 0.9)
    assert len([event for event in bus.published if isinstance(event, TranscriptFinal)]) == 1


async def test_no_final_transcript_follows_one_that_was_not_stored() -> None:
    bus = StageBus()
    bus.stores = False
    frames = spoken([(2, 3)])
    running = asyncio.create_task(stage().run(job(bus)))
    await asyncio.sleep(0.1)
    await bus.speak(*frames[:-1])
    with pytest.raises(ExceptionGroup) as raised:
        await running
    assert isinstance(raised.value.exceptions[0], BusAwayError)
    bus.stores = True
    assert bus.published == []
    assert bus.listeners == 0


@pytest.mark.parametrize("hangs", [False, True])
async def test_a_turn_model_costs_the_words_only_if_its_thread_is_lost(*, hangs: bool) -> None:
    bus = StageBus()
    turns = Judge(EngineHungError() if hangs else MemoryError("no room"))
    running = asyncio.create_task(stage(turns=turns).run(job(bus)))
    await asyncio.sleep(0.1)
    *frames, end = spoken([(2, 3)])
    await bus.speak(*frames)
    if hangs:
        with pytest.raises(ExceptionGroup) as raised:
            await running
        assert isinstance(raised.value.exceptions[0], EngineHungError)
        assert bus.published == []
        return
    async with asyncio.timeout(5):
        while not bus.published:
            await asyncio.sleep(0.1)
    await bus.speak(end)
    await running
    assert guesses(bus) == [final(bus).text] == ["1 2"]


async def test_a_job_that_is_cancelled_while_its_engine_works_publishes_nothing_more() -> None:
    engine, bus = Gated(), StageBus()
    worker = stage(engine)
    running = asyncio.create_task(worker.run(job(bus)))
    await asyncio.sleep(0.1)
    *frames, _ = spoken([(2, 3)])
    await bus.speak(*frames)
    await asyncio.to_thread(engine.began.wait, 5)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert bus.listeners == 0
    engine.gate.set()
    other = StageBus(*spoken([(1, 0)]))
    await worker.run(job(other))  # the one thread of the engine is free for it
    assert bus.published == []
    assert final(other).text == "1"


async def test_a_pause_that_is_over_before_the_engine_is_free_is_not_recognised() -> None:
    engine, bus = Gated(), StageBus()
    worker = stage(engine)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(worker.run(job(StageBus(*spoken([(1, 0)])))))
        await asyncio.to_thread(engine.began.wait, 5)
        tasks.create_task(worker.run(job(bus)))
        await asyncio.sleep(0.1)
        for frame in spoken([(2, 3), (1, 0)]):
            await bus.speak(frame)
            await asyncio.sleep(0)
        await asyncio.sleep(0.1)
        engine.gate.set()
    assert engine.heard_ms == [300, 1200]
    assert (guesses(bus), final(bus).text) == ([], "1 2 3")


async def test_a_partial_transcript_that_is_late_for_the_end_is_not_sent() -> None:
    engine, bus = Gated(), StageBus()
    *frames, end = spoken([(2, 0)])
    running = asyncio.create_task(stage(engine, interval_ms=300).run(job(bus)))
    await asyncio.sleep(0.1)
    await bus.speak(*frames)
    await asyncio.to_thread(engine.began.wait, 5)
    await bus.speak(end)
    await asyncio.sleep(0.1)
    engine.gate.set()
    await running
    assert bus.sent == []
    assert final(bus).text == "1 2"


async def test_a_partial_transcript_that_the_bus_does_not_take_costs_no_words() -> None:
    bus = StageBus()
    bus.most_sent = 1
    running = asyncio.create_task(stage(interval_ms=300).run(job(bus)))
    for frame in spoken([(4, 0)]):
        await asyncio.sleep(0.1)
        await bus.speak(frame)
    await running
    (partial,) = bus.sent
    assert isinstance(partial, TranscriptPartial)
    assert final(bus).text == "1 2 3 4"


# ------------------------------------------------------------------ another attempt


@pytest.mark.parametrize(("attempt", "asked"), [(1, 0), (2, 1)])
async def test_only_another_attempt_asks_for_what_an_earlier_one_settled(
    attempt: int, asked: int
) -> None:
    bus = StageBus(*spoken([(2, 0)]))
    await stage().run(job(bus, attempt=attempt))
    assert bus.asked_for_newest == asked
    assert final(bus).text == "1 2"


@pytest.mark.parametrize(
    ("left", "text", "audio_ms"),
    [([], "one two", 600), (spoken([(4, 0)])[6:], "one two 3 4", 1200)],
)
async def test_settled_words_need_no_audio_and_what_is_left_follows_them(
    left: list[AudioFrame], text: str, audio_ms: int
) -> None:
    bus, began_s = StageBus(*left), now_s()
    bus.newest = TranscriptGuess(
        tenant="t",
        session="s",
        at_ms=1,
        utterance=1,
        pause=1,
        text="one two three",
        confidence=0.5,
        took_ms=1.0,
        model="m",
        settled_ms=600,
        settled_words=2,
    )
    await stage().run(job(bus, attempt=2))
    assert (final(bus).text, final(bus).audio_ms) == (text, audio_ms)
    assert not left or now_s() - began_s < 1, "nothing is waited for that is settled"
