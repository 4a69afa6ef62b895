"""The live mirror as a subscriber's source: its events, and no more than it can take."""

from __future__ import annotations

import asyncio

import pytest
from structlog.testing import capture_logs

from runtime.bus.connection import Bus
from schemas import codec, subjects
from schemas.events import AnyEvent, SpeechStarted, TranscriptFinal
from workers.analytics import subscriber
from workers.analytics.event_sources import Live
from workers.analytics.subscribers import Subscriber


async def _handler(event: AnyEvent) -> None:
    del event


def words(utterance: int, tenant: str = "t") -> TranscriptFinal:
    return TranscriptFinal(
        tenant=tenant,
        session="s",
        at_ms=1,
        utterance=utterance,
        text="Hello.",
        confidence=1.0,
        audio_ms=1,
        took_ms=1,
        model="m",
    )


def speech(utterance: int) -> SpeechStarted:
    return SpeechStarted(
        tenant="t", session="s", at_ms=1, utterance=utterance, language="en", deadline_ms=0
    )


async def received(bus: Bus, source: Live) -> list[AnyEvent]:
    """Return what has come until now; the source is drained."""
    await bus.flush()
    await asyncio.sleep(0)
    await source.drain()
    return [job.event async for job in source]


async def live(bus: Bus, of: Subscriber) -> Live:
    return await Live(bus, of).listen()


async def test_a_subscriber_gets_the_events_that_it_names_in_their_order(bus: Bus) -> None:
    async with await live(bus, subscriber(TranscriptFinal)(_handler)) as source:
        for number in range(3):
            await bus.publish(speech(number))
            await bus.publish(words(number))
        assert await received(bus, source) == [words(number) for number in range(3)]


async def test_each_process_that_listens_gets_every_event(bus: Bus) -> None:
    one = subscriber(TranscriptFinal)(_handler)
    async with await live(bus, one) as first, await live(bus, one) as second:
        await bus.publish(words(1))
        assert await received(bus, first) == await received(bus, second) == [words(1)]


async def test_a_subscriber_of_one_tenant_gets_nothing_of_others(bus: Bus) -> None:
    async with await live(bus, subscriber(TranscriptFinal, tenant="acme")(_handler)) as source:
        await bus.publish(words(1))
        await bus.publish(words(2, "acme"))
        assert await received(bus, source) == [words(2, "acme")]


@pytest.mark.parametrize(("calls_only", "count"), [(True, 0), (False, 1)])
async def test_imported_and_replayed_events_are_for_those_who_want_them(
    bus: Bus, calls_only: bool, count: int
) -> None:
    async with await live(bus, subscriber("*", calls_only=calls_only)(_handler)) as source:
        event = words(1)
        head = {codec.TYPE_HEADER: "transcript.final", codec.COPY_HEADER: "import"}
        await bus.store(subjects.event(event), codec.encode(event), head)
        assert len(await received(bus, source)) == count


async def test_bytes_that_are_no_event_are_logged_and_passed_over(bus: Bus) -> None:
    async with await live(bus, subscriber("*", name="mine")(_handler)) as source:
        with capture_logs() as logs:
            await bus.send_raw(subjects.live("t", "s", "heard"), b"\xc1")
            await bus.publish(words(1))
            assert await received(bus, source) == [words(1)]
    assert [(one["event"], one["subscriber"]) for one in logs] == [("event_malformed", "mine")]


async def test_who_is_too_slow_loses_the_newest_which_is_logged_once_and_counted(
    bus: Bus,
) -> None:
    own = subscriber(TranscriptFinal)(_handler)
    async with await Live(bus, own, most_waiting=3).listen() as source:
        with capture_logs() as logs:
            for number in range(5):
                await bus.publish(words(number))
            await bus.flush()
        assert (source.depth, source.dropped) == (3, 2)
        assert await received(bus, source) == [words(number) for number in range(3)]
    assert [one["event"] for one in logs] == ["subscriber_too_slow"]
