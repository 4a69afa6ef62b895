"""A sentence that breaks off is no whole one: not ready, not kept, and sent again as before."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from typing import Any, cast

import pytest

from runtime.bus.connection import Bus
from runtime.bus.errors import BusAwayError
from schemas.audio import SpeechChunk
from schemas.events import ResponseSentence, SpeechReady
from tests.unit.workers.stage_bus import StageBus
from workers.engines.errors import EngineUnavailableError
from workers.engines.protocols import ChosenVoice, SpeakerVoice, VoiceUsed
from workers.engines.simulated import Fault, SimulatedSynthesizer
from workers.executor.engine_executor import EngineExecutor
from workers.loop.stage import JobContext
from workers.tts.speech_chunks import GROWING_CHUNKS_MS
from workers.tts.stage import TtsStage

TONE_MS = 900


class Voice(SimulatedSynthesizer):
    """A simulated voice that counts its sentences and pieces."""

    def __init__(self, fault: Fault | None = None) -> None:
        super().__init__(delay_ms=0, audio_ms=TONE_MS, fault=fault)
        self.spoken: list[str] = []
        self.pieces = 0

    def synthesize(self, text: str) -> Iterator[bytes]:
        self.spoken.append(text)
        for piece in super().synthesize(text):
            self.pieces += 1
            yield piece


class Voices(Voice):
    """A voice whose file can be replaced."""

    edition = "1"

    def choose(self, speaker: SpeakerVoice) -> ChosenVoice:
        return ChosenVoice(VoiceUsed(speaker.voice, self.edition), self.synthesize)


class Breaking(Voice):
    """A voice that fails in the middle of its first sentence."""

    def synthesize(self, text: str) -> Iterator[bytes]:
        for number, piece in enumerate(super().synthesize(text)):
            if number == 5 and len(self.spoken) == 1:
                raise EngineUnavailableError("it has lost its voice")
            yield piece


def stage(voice: Voice, **how: Any) -> TtsStage:
    return TtsStage(voice, EngineExecutor(1, limit_s=5), **how)


def job(bus: StageBus, text: str = "Hello.", **said: Any) -> JobContext[ResponseSentence]:
    fields: dict[str, Any] = {
        "tenant": "t",
        "session": "s",
        "at_ms": 1000,
        "turn": 1,
        "index": 3,
        "text": text,
        "first_token_ms": 1.0,
        "took_ms": 1.0,
        "model": "m",
        "deadline_ms": 0,
        **said,
    }
    return JobContext(ResponseSentence(**fields), 1, 1, cast("Bus", bus), 10.0, clock=lambda: 10.25)


def chunks(bus: StageBus) -> list[SpeechChunk]:
    assert all(isinstance(message, SpeechChunk) for message in bus.sent)
    return cast("list[SpeechChunk]", bus.sent)


async def ran(worker: TtsStage, **said: Any) -> StageBus:
    """Run a job of its own bus, and return the bus."""
    bus = StageBus()
    await worker.run(job(bus, **said))
    return bus


async def test_chunks_are_numbered_from_zero_and_only_the_last_one_is_marked() -> None:
    bus = await ran(stage(Voice()))
    lengths = [len(chunk.pcm) // 32 for chunk in chunks(bus)]
    assert lengths == [*GROWING_CHUNKS_MS[:4], TONE_MS - sum(GROWING_CHUNKS_MS[:4])]
    assert [chunk.chunk for chunk in chunks(bus)] == [0, 1, 2, 3, 4]
    assert [chunk.last for chunk in chunks(bus)] == [False] * 4 + [True]
    assert {(chunk.turn, chunk.index) for chunk in chunks(bus)} == {(1, 3)}


async def test_the_event_says_when_the_first_chunk_was_sent_on_the_clock_of_the_job() -> None:
    (ready,) = (await ran(stage(Voice()))).published
    assert isinstance(ready, SpeechReady)
    assert (ready.chunks, ready.audio_ms) == (5, TONE_MS)
    assert (ready.first_chunk_ms, ready.took_ms, ready.at_ms) == (250, 250, 1250)


async def test_an_engine_that_breaks_off_leaves_a_sentence_that_is_not_ready() -> None:
    voice, bus = stage(Breaking()), StageBus()
    with pytest.raises(EngineUnavailableError):
        await voice.run(job(bus))
    assert bus.published == []
    assert [chunk.last for chunk in chunks(bus)] == [False, False, False]
    again = chunks(await ran(voice))
    assert again[:3] == chunks(bus), "the next try sends the same audio under the same numbers"
    assert again[-1].last


async def test_words_of_the_configuration_are_kept_only_if_all_of_their_audio_was_sent() -> None:
    engine = Voice()
    voice, bus = stage(engine), StageBus()
    bus.most_sent = 2
    with pytest.raises(BusAwayError):
        await voice.run(job(bus, turn=0))
    assert (len(bus.sent), bus.published) == (2, [])
    whole = [await ran(voice, turn=0) for _ in range(2)]
    assert len(engine.spoken) == 2, "that which broke off, and the first whole one"
    assert [len(one.sent) for one in whole] == [5, 5]


async def test_kept_words_that_the_bus_does_not_take_fail_too_and_stay_kept() -> None:
    engine = Voice()
    voice, away = stage(engine), StageBus()
    await ran(voice, turn=0)
    away.most_sent = 4
    with pytest.raises(BusAwayError):
        await voice.run(job(away, turn=0))
    assert away.published == []
    assert len((await ran(voice, turn=0)).sent) == 5
    assert len(engine.spoken) == 1


async def test_after_a_chunk_that_was_not_sent_the_engine_is_asked_for_no_more() -> None:
    engine, bus = Voice(), StageBus()
    bus.most_sent = 0
    with pytest.raises(BusAwayError):
        await stage(engine).run(job(bus))
    assert engine.pieces == 3, "more than the first chunk, which is of 200 ms"


async def test_a_job_that_is_cancelled_while_its_engine_works_sends_nothing_more() -> None:
    class Waiting(Voice):
        def __init__(self) -> None:
            super().__init__()
            self.began, self.gate = threading.Event(), threading.Event()

        def synthesize(self, text: str) -> Iterator[bytes]:
            for number, piece in enumerate(super().synthesize(text)):
                if number == 3:
                    self.began.set()
                    self.gate.wait(5)
                yield piece

    engine, bus = Waiting(), StageBus()
    voice = stage(engine)
    running = asyncio.create_task(voice.run(job(bus, turn=0)))
    await asyncio.to_thread(engine.began.wait, 5)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    engine.gate.set()
    again = await ran(voice, turn=0)  # the one thread of the engine is free for it
    assert (len(bus.sent), bus.published) == (1, [])
    assert len(again.sent) == 5
    assert len(engine.spoken) == 2, "what was cancelled is not kept"


async def test_kept_words_are_spoken_anew_when_the_file_of_their_voice_was_replaced() -> None:
    engine = Voices()
    voice = stage(engine)
    for edition in ("1", "1", "2"):
        engine.edition = edition
        (ready,) = (await ran(voice, turn=0, voice="anna")).published
        assert isinstance(ready, SpeechReady)
        assert ready.model == "anna"
    assert len(engine.spoken) == 2


async def test_words_of_a_response_are_neither_kept_nor_taken_from_those_of_a_greeting() -> None:
    engine = Voice()
    voice = stage(engine)
    for turn, spoken in ((1, 1), (0, 2), (1, 3), (0, 3)):
        await ran(voice, turn=turn)
        assert len(engine.spoken) == spoken


async def test_words_that_are_only_read_are_neither_spoken_nor_ready() -> None:
    engine = Voice()
    bus = await ran(stage(engine), text_only=True)
    assert (engine.spoken, bus.sent, bus.published) == ([], [], [])


async def test_a_greeting_is_spoken_before_the_first_call_and_sent_as_any_other_words() -> None:
    engine = Voice()
    voice = stage(engine, greeting="Good  day.", speaker=SpeakerVoice(language="en"))
    await voice.warm()
    bus = await ran(voice, text="Good day.", turn=0)
    assert engine.spoken == ["Good  day."]
    assert chunks(bus) == chunks(await ran(stage(Voice()), text="Good day.", turn=0))


async def test_a_greeting_that_the_engine_cannot_speak_is_no_reason_not_to_start() -> None:
    engine = Voice(Fault("raise"))
    voice = stage(engine, greeting="This is poison.")
    await voice.warm()
    assert len((await ran(voice, turn=0)).sent) == 5
    with pytest.raises(EngineUnavailableError):
        await ran(voice, text="This is poison.", turn=0)


async def test_words_without_sound_are_ready_and_are_no_kept_audio() -> None:
    engine = Voice()
    voice = stage(engine)
    for tries in (1, 2):
        (ready,) = (await ran(voice, text=" ", turn=0)).published
        assert isinstance(ready, SpeechReady)
        assert (ready.chunks, ready.audio_ms, ready.first_chunk_ms) == (0, 0, 0)
        assert len(engine.spoken) == tries
