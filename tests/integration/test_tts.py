"""A sentence becomes chunks on the bus and one event; words of the configuration are kept."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from runtime.bus.connection import Bus
from runtime.bus.delivery import Delivery
from runtime.bus.errors import BusAwayError
from schemas import codec, subjects
from schemas.audio import BYTES_PER_MS, SpeechChunk
from schemas.events import ResponseSentence, SpeechReady
from tests.at_work import TENANT, stored
from tests.nats_server import NatsServer
from workers.engines.errors import EngineRefusedError, EngineUnavailableError
from workers.engines.protocols import ChosenVoice, SpeakerVoice, VoiceUsed
from workers.executor.engine_executor import EngineExecutor
from workers.loop.stage import JobContext
from workers.tts.stage import TtsStage

SESSION = "s"
PIECE = bytes(range(32)) * 100
"""100 ms of audio."""


class Voice:
    """An engine with one voice, which notes the texts that it is given."""

    name = "voice"

    def __init__(self, *, pieces: int = 10) -> None:
        self.spoken: list[str] = []
        self.gate = threading.Event()
        self.gate.set()
        self.broken = False
        self._pieces = pieces

    def warm(self) -> None: ...

    def synthesize(self, text: str) -> Iterator[bytes]:
        self.spoken.append(text)
        if self.broken:
            raise EngineUnavailableError("no voice today")
        self.gate.wait(5)
        for _ in range(self._pieces if text else 0):
            yield PIECE


class Voices(Voice):
    """An engine that has a voice for each name but one."""

    def choose(self, speaker: SpeakerVoice) -> ChosenVoice:
        if speaker.voice == "unknown":
            raise EngineRefusedError("no such voice")
        name = f"{speaker.voice}/{speaker.language}"
        return ChosenVoice(VoiceUsed(name), lambda text: self.synthesize(f"{name}: {text}"))


def stage(engine: Voice, greeting: str = "", speaker: SpeakerVoice | None = None) -> TtsStage:
    executor = EngineExecutor(1, limit_s=5)
    return TtsStage(engine, executor, greeting=greeting, speaker=speaker or SpeakerVoice())


def job(bus: Bus, text: str = "Hello.", **said: Any) -> JobContext[ResponseSentence]:
    event = ResponseSentence(
        **{
            "tenant": TENANT,
            "session": SESSION,
            "at_ms": 1000,
            "turn": 1,
            "index": 0,
            "text": text,
            "first_token_ms": 1.0,
            "took_ms": 1.0,
            "model": "m",
            "deadline_ms": 0,
            **said,
        }
    )
    return JobContext(event, seq=1, attempt=1, bus=bus, started_s=time.monotonic())


@asynccontextmanager
async def hearing(bus: Bus) -> AsyncIterator[list[SpeechChunk]]:
    """Yield the chunks of the session, complete when the block of the sender is over."""
    heard: list[SpeechChunk] = []

    async def on_chunk(message: Delivery) -> None:
        heard.append(codec.decode_as(SpeechChunk, message.data))

    async with bus.listening(subjects.speech(SESSION), on_chunk):
        yield heard


async def chunks_of(bus: Bus, voice: TtsStage, *jobs: JobContext[ResponseSentence]) -> list[bytes]:
    """Run *jobs* one after the other; return the audio of each."""
    async with hearing(bus) as heard:
        for one in jobs:
            await voice.run(one)
        await bus.flush()
        await asyncio.sleep(0)
    return [
        b"".join(chunk.pcm for chunk in heard if chunk.index == one.event.index) for one in jobs
    ]


async def ready(bus: Bus) -> list[SpeechReady]:
    events = [one.event() for one in await stored(bus, SESSION, "out")]
    return [event for event in events if isinstance(event, SpeechReady)]


async def test_a_sentence_is_heard_whole_and_its_event_counts_the_chunks(bus: Bus) -> None:
    async with hearing(bus) as heard:
        await stage(Voice()).run(job(bus, turn=4, index=2))
        await bus.flush()
    assert b"".join(chunk.pcm for chunk in heard) == PIECE * 10
    assert [chunk.last for chunk in heard] == [False] * (len(heard) - 1) + [True]
    assert {(chunk.turn, chunk.index) for chunk in heard} == {(4, 2)}
    (event,) = await ready(bus)
    assert (event.turn, event.index, event.model) == (4, 2, "voice")
    assert (event.chunks, event.audio_ms) == (len(heard), len(PIECE) * 10 // BYTES_PER_MS)
    assert 0 < event.first_chunk_ms <= event.took_ms


async def test_the_first_chunk_is_sent_while_the_engine_goes_on(bus: Bus) -> None:
    class Slow(Voice):
        def synthesize(self, text: str) -> Iterator[bytes]:
            self.spoken.append(text)
            yield PIECE * 3
            self.gate.wait(5)
            yield PIECE

    engine = Slow()
    engine.gate.clear()
    async with hearing(bus) as heard, asyncio.TaskGroup() as tasks:
        tasks.create_task(stage(engine).run(job(bus)))
        async with asyncio.timeout(5):
            while not heard:
                await asyncio.sleep(0.001)
        assert not await ready(bus)
        engine.gate.set()


async def test_a_sentence_without_sound_is_ready_without_a_chunk(bus: Bus) -> None:
    assert await chunks_of(bus, stage(Voice()), job(bus, "")) == [b""]
    (event,) = await ready(bus)
    assert (event.chunks, event.audio_ms, event.first_chunk_ms) == (0, 0, 0)


async def test_words_that_are_only_read_are_not_spoken(bus: Bus) -> None:
    engine = Voice()
    assert await chunks_of(bus, stage(engine), job(bus, text_only=True)) == [b""]
    assert not engine.spoken
    assert not await ready(bus)


async def test_a_greeting_is_spoken_once_for_all_calls_and_a_response_for_each(bus: Bus) -> None:
    engine = Voice()
    voice = stage(engine)
    greetings = [job(bus, "Good day.", turn=0, index=at) for at in range(2)]
    responses = [job(bus, "Good night.", turn=1, index=at) for at in range(2, 4)]
    heard = await chunks_of(bus, voice, *greetings, *responses)
    assert heard == [PIECE * 10] * 4
    assert engine.spoken == ["Good day.", "Good night.", "Good night."]


async def test_kept_audio_has_the_chunks_that_it_had_at_first(bus: Bus) -> None:
    """The numbers name the audio: a redelivered greeting goes on where the first one broke off."""
    engine = Voice()
    other = stage(engine, "Good day.")
    await other.warm()
    async with hearing(bus) as heard:
        voice = stage(engine)
        for worker in (voice, voice, other):
            await worker.run(job(bus, "Good day.", turn=0))
        await bus.flush()
    count = len(heard) // 3
    assert heard[:count] == heard[count : 2 * count] == heard[2 * count :]


async def test_the_greeting_of_the_settings_is_ready_before_the_first_call(bus: Bus) -> None:
    engine = Voices()
    voice = stage(engine, "Good day.", SpeakerVoice(language="de", speed=1.5))
    await voice.warm()
    assert engine.spoken == ["/de: Good day."]
    await voice.run(job(bus, "Good day.", turn=0, language="de", speed=1.5))
    assert len(engine.spoken) == 1
    others: list[dict[str, Any]] = [
        {"language": "en", "speed": 1.5},
        {"language": "de"},
        {"voice": "anna"},
    ]
    for at, other in enumerate(others):
        await voice.run(job(bus, "Good day.", **{"turn": 0, "index": at + 1, **other}))
        assert len(engine.spoken) == 2 + at, f"kept audio is of another sound: {other}"


async def test_a_worker_whose_greeting_fails_still_starts(bus: Bus) -> None:
    engine = Voice()
    engine.broken = True
    voice = stage(engine, "Good day.")
    await voice.warm()
    engine.broken = False
    assert await chunks_of(bus, voice, job(bus, "Good day.", turn=0)) == [PIECE * 10]


async def test_the_voice_of_a_sentence_is_its_own(bus: Bus) -> None:
    engine = Voices()
    await stage(engine).run(job(bus, "Hi.", voice="anna", language="de"))
    assert engine.spoken == ["anna/de: Hi."]
    assert [event.model for event in await ready(bus)] == ["anna/de"]
    with pytest.raises(EngineRefusedError):
        await stage(engine).run(job(bus, "Hi.", voice="unknown", index=1))


async def test_first_sentences_go_before_later_ones_and_calls_before_background_jobs(
    bus: Bus,
) -> None:
    engine = Voice()
    voice = stage(engine)
    engine.gate.clear()
    waiting = [
        job(bus, "first"),
        job(bus, "background", index=1, session="b", background=True),
        job(bus, "third", index=2),
        job(bus, "second", index=1, turn=2),
    ]
    async with asyncio.TaskGroup() as tasks:
        for one in waiting:
            tasks.create_task(voice.run(one))
            await asyncio.sleep(0)
        engine.gate.set()
    assert engine.spoken == ["first", "second", "third", "background"]


async def test_audio_that_the_bus_did_not_take_fails_the_job(
    bus: Bus, nats_server: NatsServer
) -> None:
    """The call would wait for ever at the missing chunk; a redelivered job sends it again."""
    nats_server.kill()
    async with asyncio.timeout(5):
        while bus.connected:
            await asyncio.sleep(0.01)
    with pytest.raises(BusAwayError, match="chunk"):
        await stage(Voice()).run(job(bus))
