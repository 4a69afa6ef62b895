"""Speech of any length: each word once, also where workers die and the bus forgets old audio."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from runtime.bus.connection import Bus
from runtime.bus.delivery import Delivery
from runtime.text.redaction import Redaction
from schemas import codec, subjects
from schemas.audio import AudioFrame, TranscriptPartial
from schemas.events import SpeechStarted, TranscriptFinal, TranscriptGuess
from tests.at_work import stored, until_logged, working
from tests.numbered_speech import NumberRecognizer, numbers, spoken
from workers.engines.protocols import Recognition
from workers.executor.engine_executor import EngineExecutor
from workers.stt.stage import SttStage

SAID = [(12, 4), (3, 1), (9, 8), (20, 1), (7, 3), (30, 5)] * 3
"""Words, and how many times 100 ms of silence after them."""
COUNT = sum(words for words, _ in SAID)


@asynccontextmanager
async def listening(
    bus: Bus, *, redaction: Redaction | None = None
) -> AsyncIterator[NumberRecognizer]:
    recognizer = NumberRecognizer()
    executor = EngineExecutor(2, limit_s=5)
    stage = SttStage(recognizer, executor, partial_interval_ms=0, redaction=redaction)
    async with working(bus, stage):
        yield recognizer


async def start(bus: Bus, session: str) -> None:
    started = SpeechStarted(
        tenant="t", session=session, at_ms=1, utterance=1, language="en", deadline_ms=60_001
    )
    await bus.publish(started)


async def speak(bus: Bus, session: str, frames: list[AudioFrame]) -> None:
    for frame in frames:
        await bus.send(subjects.utterance(session, 1), frame)
        if frame.pause:
            await asyncio.sleep(0.01)  # time to recognise: a caller's words take longer than this
    await bus.flush()


async def heard(bus: Bus, session: str) -> list[TranscriptGuess | TranscriptFinal]:
    events = [one.event() for one in await stored(bus, session, "heard")]
    return [e for e in events if isinstance(e, TranscriptGuess | TranscriptFinal)]


async def final(bus: Bus, session: str) -> TranscriptFinal:
    await until_logged(bus, session, "heard", "transcript.final")
    last = (await heard(bus, session))[-1]
    assert isinstance(last, TranscriptFinal)
    return last


async def test_each_word_of_a_long_speech_is_there_once_and_recognised_a_few_times(
    bus: Bus,
) -> None:
    frames = spoken(SAID)
    async with listening(bus) as recognizer:
        await start(bus, "long")
        await speak(bus, "long", frames)
        last = await final(bus, "long")
    assert last.text.split() == numbers(COUNT)
    assert last.audio_ms == frames[-1].from_ms
    assert sum(recognizer.heard_ms) < 3 * last.audio_ms
    guesses = [one for one in await heard(bus, "long") if isinstance(one, TranscriptGuess)]
    assert guesses[-1].settled_ms > last.audio_ms - 20_000
    for one in guesses:
        words = one.text.split()
        assert words == numbers(len(words))
        assert one.settled_words <= len(words)


async def test_a_worker_that_takes_over_needs_no_audio_of_what_is_settled(bus: Bus) -> None:
    frames = spoken(SAID)
    half = len(frames) // 2
    async with listening(bus):
        await start(bus, "taken")
        await speak(bus, "taken", frames[:half])
        await asyncio.sleep(0.3)
    last = (await heard(bus, "taken"))[-1]
    assert isinstance(last, TranscriptGuess)
    assert 0 < last.settled_ms < frames[half].from_ms
    await bus.api("STREAM.PURGE.AURA_AUDIO")
    kept = [f for f in frames[:half] if f.from_ms > last.settled_ms - 500]
    assert kept[0].seq > 0
    await speak(bus, "taken", kept)
    async with listening(bus) as second:
        await speak(bus, "taken", frames[half:])
        told = await final(bus, "taken")
    assert told.text.split() == numbers(COUNT)
    assert sum(second.heard_ms) < 3 * (frames[-1].from_ms - last.settled_ms)


async def test_audio_that_is_older_than_the_bus_remembers_is_waited_for_no_longer(
    bus: Bus,
) -> None:
    """The words of the first worker were lost with it: the rest is heard."""
    frames = spoken([(10, 4)] * 20)
    assert frames[-1].from_ms - frames[30].from_ms > 60_000
    await speak(bus, "old", frames[30:])
    await start(bus, "old")
    async with listening(bus):
        told = await final(bus, "old")
    assert told.text.split() == numbers(200)[10:]


async def test_a_number_that_is_spoken_with_pauses_is_masked_whole(bus: Bus) -> None:
    frames = spoken([(12, 8), (2, 8), (9, 2)])
    async with listening(bus, redaction=Redaction.of("numbers")):
        await start(bus, "masked")
        await speak(bus, "masked", frames)
        told = await final(bus, "masked")
    assert told.text == "[number]"


class _Gated(NumberRecognizer):
    """A recogniser that takes as long as a test wants, for each piece by its number."""

    def __init__(self) -> None:
        super().__init__()
        self.begun = 0
        self._gates: list[threading.Event] = [threading.Event() for _ in range(9)]

    def transcribe(self, pcm: bytes, *, language: str) -> Recognition:
        """Wait for the gate, then hear."""
        gate = self._gates[self.begun]
        self.begun += 1
        gate.wait(10)
        return super().transcribe(pcm, language=language)

    async def has_begun(self, count: int) -> None:
        async with asyncio.timeout(5):
            while self.begun < count:
                await asyncio.sleep(0.005)

    def open(self, number: int) -> None:
        self._gates[number].set()


async def test_what_the_engine_has_begun_is_not_wasted_by_a_short_pause(bus: Bus) -> None:
    """A partial and the words of a pause that is over prove speech over a response."""
    frames = spoken([(1, 1), (1, 1), (1, 5)])
    recognizer = _Gated()
    executor = EngineExecutor(3, limit_s=9)
    stage = SttStage(recognizer, executor, partial_interval_ms=200)
    partials: list[str] = []

    async def on_partial(said: Delivery) -> None:
        partials.append(codec.decode_as(TranscriptPartial, said.data).text)

    async with bus.listening(subjects.partials("gated"), on_partial), working(bus, stage):
        await start(bus, "gated")
        await speak(bus, "gated", frames[:2])
        await recognizer.has_begun(1)  # the partial
        await speak(bus, "gated", frames[2:4])
        await recognizer.has_begun(2)  # the first pause
        await speak(bus, "gated", frames[4:8])
        await recognizer.has_begun(3)  # the second
        for number in range(9):
            recognizer.open(number)
            await asyncio.sleep(0.1)
        await speak(bus, "gated", frames[8:])
        told = await final(bus, "gated")
    assert partials[0] == "1"
    guesses = [one for one in await heard(bus, "gated") if isinstance(one, TranscriptGuess)]
    assert [(one.pause, one.text) for one in guesses][:2] == [(1, "1"), (2, "1 2")]
    assert told.text.split() == numbers(3)
