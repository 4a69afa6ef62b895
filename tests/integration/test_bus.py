"""The bus against a real server: stored, fenced, read back, taken over."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import msgspec
import pytest
from structlog.testing import capture_logs

from runtime.bus.connection import Bus, connect
from runtime.bus.delivery import Delivery
from runtime.bus.errors import BusAwayError, BusRefusedError, FencedError
from runtime.bus.jobs import Job, Jobs
from runtime.bus.reader import ANSWER_TIMEOUT_S
from runtime.bus.trace import trace_of
from runtime.settings import Settings
from schemas import codec, subjects
from schemas.events import AnyEvent, ResponseCancelled, ResponseSentence, SpeechStarted
from tests import at_work
from tests.nats_server import NatsServer
from workers.engines.simulated import SimulatedSynthesizer
from workers.executor.engine_executor import EngineExecutor
from workers.tts.stage import TtsStage

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
WHOSE: dict[str, Any] = {"tenant": "t", "session": "s", "at_ms": 1}


def sentence(index: int, text: str = "Hi.") -> ResponseSentence:
    return ResponseSentence(
        **WHOSE,
        turn=1,
        index=index,
        text=text,
        first_token_ms=1.0,
        took_ms=1.0,
        model="m",
        deadline_ms=0,
    )


def speech(number: int) -> SpeechStarted:
    return SpeechStarted(**WHOSE, utterance=number, language="en", deadline_ms=0)


def utterance(event: AnyEvent) -> int:
    assert isinstance(event, SpeechStarted)
    return event.utterance


async def test_the_same_event_twice_is_stored_once(bus: Bus) -> None:
    first = await bus.publish(speech(1))
    again = await bus.publish(msgspec.structs.replace(speech(1), at_ms=99))
    assert first == again


async def test_live_events_arrive_with_type_and_version(bus: Bus) -> None:
    got: asyncio.Queue[dict[str, str]] = asyncio.Queue()

    async def on_message(said: Delivery) -> None:
        got.put_nowait(said.headers)

    async with bus.listening(subjects.live("t", "s"), on_message):
        with trace_of({codec.TRACE_HEADER: TRACE}):
            await bus.publish(speech(1))
        headers = await asyncio.wait_for(got.get(), 20)
    assert headers[codec.TYPE_HEADER] == "speech.started"
    assert headers[codec.SCHEMA_HEADER] == "1"
    assert headers[codec.TRACE_HEADER].startswith(TRACE)


async def test_a_cancelled_answer_takes_no_more_sentences(bus: Bus) -> None:
    last = await bus.publish_fenced(sentence(0), 0)
    await bus.publish(ResponseCancelled(**WHOSE, turn=1, reason="interrupted"))
    with pytest.raises(FencedError):
        await bus.publish_fenced(sentence(1), last)


async def test_other_words_under_the_same_id_are_refused_and_not_taken_for_stored(bus: Bus) -> None:
    """A worker that slept while another one went on must not be told that its words count."""
    last = await bus.publish_fenced(sentence(0), 0)
    await bus.publish_fenced(sentence(1, "By the one who took over."), last)
    with pytest.raises(FencedError):
        await bus.publish_fenced(sentence(1, "By the one who slept."), last)


async def test_our_own_words_published_twice_are_ours(bus: Bus) -> None:
    first = await bus.publish_fenced(sentence(0), 0)
    assert await bus.publish_fenced(sentence(0), 0) == first


async def test_the_log_of_a_session_is_read_in_order(bus: Bus) -> None:
    for first in range(1, 1203, 100):
        numbers = range(first, min(first + 100, 1203))
        await asyncio.gather(*(bus.publish(speech(number)) for number in numbers))
    subject = subjects.session_events("t", "s", "*")
    stored = await bus.read(subjects.EVENTS_STREAM, subject)
    assert [utterance(one.event()) for one in stored] == list(range(1, 1203))
    assert len(await bus.read(subjects.EVENTS_STREAM, subject, after=stored[-2].seq)) == 1
    assert await bus.read(subjects.EVENTS_STREAM, "aura.ev.t.nobody.*") == []


async def test_a_message_that_was_just_stored_is_waited_for(bus: Bus) -> None:
    subject = subjects.session_events("t", "s", "*")
    first = await bus.publish(speech(1))
    later = partial(bus.read, subjects.EVENTS_STREAM, subject, after=first)
    reading = asyncio.create_task(later(at_least=first + 1))
    await asyncio.sleep(0.2)
    assert not reading.done()
    assert await bus.publish(speech(2)) == first + 1
    (stored,) = await reading
    assert utterance(stored.event()) == 2
    with pytest.raises(BusAwayError, match="is not there"):
        await later(at_least=first + 2)


@pytest.mark.parametrize("room", [0, -100])
async def test_an_event_that_is_too_large_is_refused_and_the_link_stays(
    bus: Bus, room: int
) -> None:
    most = bus.nats_client.max_payload
    with pytest.raises(BusRefusedError, match="bytes"):
        await bus.publish(sentence(0), b"x" * (most - room))
    with pytest.raises(BusRefusedError, match="bytes"):
        await bus.publish_fenced(sentence(0, "x" * (most - room)), 0)
    with pytest.raises(BusRefusedError, match="bytes"):
        await bus.store(subjects.recording("t", "s", "caller"), b"x" * (most - room), {})
    assert await bus.publish(sentence(0))
    assert bus.connected


async def test_a_busy_loop_reads_a_long_log_in_few_rounds(bus: Bus) -> None:
    await asyncio.gather(*(bus.publish(speech(number)) for number in range(200)))
    rounds = 0

    async def be_busy() -> None:
        nonlocal rounds
        while True:
            time.sleep(0.005)  # noqa: ASYNC251  # the loop is busy, as beside a hundred calls
            rounds += 1
            await asyncio.sleep(0)

    busy = asyncio.create_task(be_busy())
    read = await bus.read(subjects.EVENTS_STREAM, subjects.session_events("t", "s", "*"))
    busy.cancel()
    assert len(read) == 200
    assert rounds < 100, "a round for each message would take seconds"


async def test_a_stream_that_nobody_answers_for_is_not_taken_for_an_empty_one(bus: Bus) -> None:
    with pytest.raises(BusAwayError, match="cannot read"):
        await bus.read("AURA_NOTHING", ">")


async def test_what_a_server_that_slept_did_not_answer_is_asked_again(
    bus: Bus, nats_server: NatsServer
) -> None:
    await bus.publish(speech(1))
    nats_server.freeze()
    read = asyncio.create_task(
        bus.read(subjects.EVENTS_STREAM, subjects.session_events("t", "s", "*"))
    )
    newest = asyncio.create_task(bus.last(subjects.event(speech(1))))
    await asyncio.sleep(ANSWER_TIMEOUT_S + 0.3)
    nats_server.thaw()
    (stored,), last = await read, await newest
    assert last is not None
    assert last.seq == stored.seq


@asynccontextmanager
async def working(bus: Bus, slots: int = 1) -> AsyncIterator[list[Job]]:
    """A recogniser's worker: the list of the jobs that it is given, while it grows."""
    taken: list[Job] = []

    async def collect() -> None:
        async for job in jobs:
            taken.append(job)  # noqa: PERF401  # the test looks while it grows

    async with Jobs(bus, "STT", slots) as jobs:
        collecting = asyncio.create_task(collect())
        yield taken
        await jobs.drain()
        await collecting


async def until(condition: Callable[[], object], seconds: float = 10.0) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.01)


async def test_a_worker_is_given_no_more_than_it_has_slots_for(bus: Bus) -> None:
    async with working(bus, slots=2) as taken:
        for number in range(1, 6):
            await bus.publish(speech(number))
        await until(lambda: len(taken) == 2)
        await asyncio.sleep(0.2)
        assert len(taken) == 2
        await taken[0].done()
        await until(lambda: len(taken) == 3)
        for job in taken:
            await job.done()
        await until(lambda: len(taken) == 5)
        for job in taken:
            await job.done()


async def test_a_job_given_back_goes_to_somebody_else(bus: Bus) -> None:
    async with working(bus) as taken:
        await bus.publish(speech(1))
        await until(lambda: len(taken) == 1)
        await taken[0].retry()
        await until(lambda: len(taken) == 2)
        assert [job.attempt for job in taken] == [1, 2]
        await taken[1].done()


async def test_jobs_flow_again_right_after_the_server_was_killed(
    bus: Bus, nats_server: NatsServer
) -> None:
    async with working(bus, slots=4) as taken:
        await bus.publish(speech(1))
        await until(lambda: len(taken) == 1)
        await taken[0].done()
        await bus.flush()
        nats_server.kill()
        nats_server.start()
        await until(lambda: bus.connected)
        await bus.publish(speech(2))
        await until(lambda: any(utterance(job.event) == 2 for job in taken), 5)
        for job in taken:
            await job.done()


async def test_leaving_gives_back_what_was_asked_for(bus: Bus) -> None:
    """A request that outlives its worker would take a job to nowhere for ack_wait."""
    async with working(bus, slots=8):
        await asyncio.sleep(0.2)
    async with working(bus) as taken:
        await bus.publish(speech(1))
        await until(lambda: len(taken) == 1, 2)
        assert taken[0].attempt == 1
        await taken[0].done()


async def test_a_link_that_is_left_while_it_is_asked_is_left_in_peace(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    """nats-py's reader dies of an answer that nobody waits for any more, with a traceback."""
    with capture_logs() as logs:
        for moments in range(12):
            async with await connect(settings, "test"):
                for _ in range(moments):  # the question is out in some of them, the answer not back
                    await asyncio.sleep(0)
    assert not caplog.records
    assert not logs


async def test_a_bus_is_left_without_an_error_while_its_server_is_gone(
    settings: Settings, nats_server: NatsServer
) -> None:
    """nats-py writes the messages that wait to the link that is lost."""
    bus = await connect(settings, "test")
    nats_server.kill()
    await until(lambda: not bus.connected)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(bus.store(subjects.recording("t", "s", "caller"), b"x", {}), 0.05)
    await bus.close()
    assert not bus.connected


async def test_what_a_worker_says_belongs_to_the_trace_of_its_job(bus: Bus) -> None:
    chunks: asyncio.Queue[Delivery] = asyncio.Queue()

    async def on_speech(said: Delivery) -> None:
        chunks.put_nowait(said)

    voice = TtsStage(SimulatedSynthesizer(delay_ms=1, audio_ms=100), EngineExecutor(1, limit_s=5))
    async with at_work.working(bus, voice), bus.listening(subjects.speech("s"), on_speech):
        with trace_of({codec.TRACE_HEADER: TRACE}):
            await bus.publish(sentence(0))
        await at_work.until_logged(bus, "s", "out", "speech.ready")
        said = await asyncio.wait_for(chunks.get(), 20)
    (ready,) = await at_work.stored(bus, "s", "out")
    assert ready.headers[codec.TRACE_HEADER] == said.headers[codec.TRACE_HEADER] == TRACE
