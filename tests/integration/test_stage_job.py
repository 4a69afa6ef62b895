"""Recognition and synthesis without a call: the workers' results, and every way to get none."""

from __future__ import annotations

import asyncio
import io
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import msgspec
import pytest
from aiohttp import FormData

from edge.door.http.stage_job import (
    PIECE_TIMEOUT_S,
    RESULT_POLL_S,
    TURN,
    AudioLostError,
    StageFailedError,
    StageJobs,
    request_of,
    stage_jobs,
)
from runtime.bus.connection import Bus, DeliveryHandler
from runtime.sessions.listing import REQUEST_PROTOCOL
from schemas import codec, subjects
from schemas.audio import AudioFrame
from schemas.events import (
    AnyEvent,
    JobFailed,
    ResponseSentence,
    SessionEnded,
    SessionStarted,
    SpeechReady,
    SpeechStarted,
)
from schemas.session_config import SessionConfig
from tests.at_work import TENANT, working
from tests.caller import buzz, wav
from tests.edge_in_process import DEMO, bearer, serving
from tests.numbered_speech import NumberRecognizer, numbers, spoken
from workers.engines.simulated import SimulatedSynthesizer
from workers.executor.engine_executor import EngineExecutor
from workers.loop.stage import Stage
from workers.stt.stage import SttStage
from workers.tts.stage import TtsStage

AUDIO_MS = 700


@asynccontextmanager
async def asking(
    bus: Bus, *, poll_s: float = RESULT_POLL_S, timeout_s: float = PIECE_TIMEOUT_S
) -> AsyncIterator[StageJobs]:
    whose = request_of(TENANT, "ann", "e")
    async with stage_jobs(bus, whose, SessionConfig(), codec.encode) as jobs:
        jobs.poll_s, jobs.timeout_s = poll_s, timeout_s
        yield jobs


def impatient(bus: Bus) -> AbstractAsyncContextManager[StageJobs]:
    """Look into the streams, and lose patience, after a moment."""
    return asking(bus, poll_s=0.1, timeout_s=0.3)


def recogniser() -> Stage[Any]:
    executor = EngineExecutor(1, limit_s=5)
    return SttStage(NumberRecognizer(), executor, partial_interval_ms=0)


def voice(audio_ms: int = AUDIO_MS) -> Stage[Any]:
    engine = SimulatedSynthesizer(delay_ms=0, audio_ms=audio_ms)
    return TtsStage(engine, EngineExecutor(1, limit_s=5))


def recording(words: int) -> bytes:
    return b"".join(frame.pcm for frame in spoken([(words, 1)]))


async def spoken_by(jobs: StageJobs, index: int = 0, text: str = "Hello.") -> list[bytes]:
    return [piece async for piece in jobs.speak(index, text)]


async def log_of(bus: Bus, jobs: StageJobs) -> list[AnyEvent]:
    subject = subjects.session_events(TENANT, jobs.session)
    return [one.event() for one in await bus.read(subjects.EVENTS_STREAM, subject)]


async def without_news(bus: Bus) -> None:
    """Take away the live mirror of events."""
    info = await bus.api(f"STREAM.INFO.{subjects.EVENTS_STREAM}")
    mute = {**info["config"], "republish": None}
    assert "error" not in await bus.api(f"STREAM.UPDATE.{subjects.EVENTS_STREAM}", mute)


class DeafBus(Bus):
    """A bus on which no audio of a voice is heard as it is spoken."""

    @asynccontextmanager
    async def listening(
        self, subject: str, handler: DeliveryHandler, *, group: str = ""
    ) -> AsyncIterator[None]:
        lost = subject.startswith("aura.pcm.")
        heard = f"lost.{subject}" if lost else subject
        async with super().listening(heard, handler, group=group):
            yield


class LossyBus(Bus):
    """A bus on which one message of each utterance is lost after it was sent."""

    def __init__(self, bus: Bus, lost: int) -> None:
        super().__init__(bus.nats_client)
        self.lost = lost

    async def send(self, subject: str, message: msgspec.Struct) -> bool:
        if isinstance(message, AudioFrame) and message.seq == self.lost:
            return True
        return await super().send(subject, message)


async def test_recordings_are_recognised_one_after_the_other(bus: Bus) -> None:
    async with working(bus, recogniser()), asking(bus) as jobs:
        for number, words in ((1, 4), (2, 7), (3, 0)):
            text = await jobs.transcribe(number, recording(words) if words else b"", "en")
            assert text.split() == numbers(words)


async def test_texts_are_spoken_whole_and_one_without_a_sound_ends_too(bus: Bus) -> None:
    async with working(bus, voice()), asking(bus) as jobs:
        for index in range(2):
            assert len(b"".join(await spoken_by(jobs, index))) == AUDIO_MS * 32
        assert await spoken_by(jobs, 2, " ") == []


async def test_a_request_is_a_session_of_the_log_whose_jobs_go_behind_those_of_calls(
    bus: Bus,
) -> None:
    async with working(bus, recogniser()), working(bus, voice()), asking(bus) as jobs:
        await jobs.transcribe(1, recording(1), "de")
        await spoken_by(jobs)
    events = await log_of(bus, jobs)
    first, last = events[0], events[-1]
    assert isinstance(first, SessionStarted)
    assert (first.user, first.protocol, first.edge) == ("ann", REQUEST_PROTOCOL, "e")
    assert isinstance(last, SessionEnded)
    assert (last.reason, last.protocol, last.started_at_ms) == (
        "end_call",
        REQUEST_PROTOCOL,
        first.at_ms,
    )
    asked = [one for one in events if isinstance(one, SpeechStarted | ResponseSentence)]
    assert [one.background for one in asked] == [True, True]
    assert all(one.deadline_ms > time.time() * 1000 for one in asked)
    assert [one.language for one in asked if isinstance(one, SpeechStarted)] == ["de"]


@pytest.mark.parametrize("ask", [lambda jobs: jobs.transcribe(1, b"", "en"), spoken_by])
async def test_a_stage_that_is_silent_fails_the_request(
    bus: Bus, ask: Callable[[StageJobs], Any]
) -> None:
    with pytest.raises(StageFailedError, match=r"within 0\.3 s"):
        async with impatient(bus) as jobs:
            await ask(jobs)
    ended = (await log_of(bus, jobs))[-1]
    assert isinstance(ended, SessionEnded)
    assert ended.reason == "failed"


async def test_a_sentence_that_nobody_waits_for_is_not_spoken(bus: Bus) -> None:
    with pytest.raises(StageFailedError):
        async with impatient(bus) as given_up:
            await spoken_by(given_up)
    async with working(bus, voice(), slots=1), asking(bus) as jobs:
        assert await spoken_by(jobs)
    assert not any(isinstance(one, SpeechReady) for one in await log_of(bus, given_up))


async def test_a_job_that_was_given_up_fails_at_once_and_with_its_own_reason(bus: Bus) -> None:
    async with asking(bus) as jobs:

        def failed(stage: Any, number: int) -> JobFailed:
            return JobFailed(
                tenant=TENANT,
                session=jobs.session,
                at_ms=1,
                stage=stage,
                utterance=number,
                turn=TURN,
                index=number,
                attempts=1,
                reason=f"{stage} {number}",
            )

        await bus.publish(failed("tts", 1))
        await bus.publish(failed("stt", 2))
        with pytest.raises(StageFailedError, match="stt 2"):
            await jobs.transcribe(2, b"", "en")
        with pytest.raises(StageFailedError, match="tts 1"):
            await spoken_by(jobs, 1)


async def test_results_whose_news_are_lost_are_read_from_the_log(bus: Bus) -> None:
    await without_news(bus)
    async with (
        working(bus, recogniser()),
        working(bus, voice()),
        asking(bus, poll_s=0.1) as jobs,
    ):
        assert await jobs.transcribe(1, recording(2), "en") == "1 2"
        assert await spoken_by(jobs, 0, " ") == []


async def test_audio_that_was_spoken_before_is_read_from_its_stream(bus: Bus) -> None:
    """A chunk on its way is lost where the link breaks; the stream has it."""
    async with working(bus, voice()), asking(DeafBus(bus.nats_client), poll_s=0.1) as jobs:
        assert len(b"".join(await spoken_by(jobs))) == AUDIO_MS * 32


async def test_a_recording_of_which_a_piece_was_lost_is_an_error_and_no_shorter_text(
    bus: Bus,
) -> None:
    """Its worker waits for 10 s, so all are recognised at once."""
    pcm = recording(4)
    last = len(pcm) // 3200 - 1

    async def text(lost: int) -> str:
        async with asking(LossyBus(bus, lost)) as jobs:
            return await jobs.transcribe(1, pcm, "en")

    async def answer() -> tuple[int, Any]:
        form = FormData()
        form.add_field("file", io.BytesIO(wav(buzz(900))), filename="a.wav")
        async with serving(LossyBus(bus, 3)) as (_, client):
            path = "/v1/audio/transcriptions"
            told = await client.post(path, data=form, headers=bearer(DEMO))
            return told.status, (await told.json())["error"]

    async with working(bus, recogniser(), slots=5):
        asked = asyncio.create_task(answer())
        jobs = [text(lost) for lost in (0, 5, last, last + 1)]
        *texts, whole = await asyncio.gather(*jobs, return_exceptions=True)
        status, error = await asked
    assert [type(one) for one in texts] == [AudioLostError] * 3
    assert [str(one) for one in texts[:2]] == [
        f"the recogniser got {ms} of 1300 ms" for ms in (0, 500)
    ]
    assert whole == "1 2 3 4"  # nothing was lost
    assert (status, error["code"], error["type"]) == (503, "audio_lost", "server_error")
