"""A subscriber that is slow holds a bounded number of events, and takes the others afterwards."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Self

from nats.aio.client import Client

from runtime.bus.connection import Bus
from runtime.settings import load
from schemas.events import TranscriptFinal
from workers.analytics import subscriber
from workers.analytics.delivery import EventJob, LiveEvent
from workers.analytics.runner import Runner
from workers.analytics.subscribers import Context

EVENTS = 1000


class Stored:
    """A source with many events at once."""

    depth = 0
    handed_out = 0

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        pass

    async def __aiter__(self) -> AsyncIterator[EventJob]:
        for number in range(EVENTS):
            self.handed_out += 1
            yield LiveEvent(words(number))

    async def drain(self) -> None:
        pass


def words(utterance: int) -> TranscriptFinal:
    return TranscriptFinal(
        tenant="t",
        session="s",
        at_ms=1,
        utterance=utterance,
        text="Hello.",
        confidence=1.0,
        audio_ms=500,
        took_ms=1.0,
        model="m",
    )


async def test_a_slow_handler_has_a_bounded_number_of_events_wait() -> None:
    begun, may_go_on, seen = asyncio.Event(), asyncio.Event(), []

    async def slow(event: TranscriptFinal) -> None:
        begun.set()
        await may_go_on.wait()
        seen.append(event.utterance)

    slow_one, source = subscriber("transcript.final")(slow), Stored()
    runner = Runner(slow_one, source)
    context = Context(Bus(Client()), load(_env_file=None), "g")
    running = asyncio.create_task(runner.run(context, asyncio.Event()))
    await begun.wait()
    for _ in range(EVENTS):  # the source may hand out as many as are taken
        await asyncio.sleep(0)
    assert source.handed_out <= slow_one.ahead + 2  # one is being handled, one has no room yet
    may_go_on.set()
    await running
    assert seen == list(range(EVENTS))


class LastAttempt(LiveEvent):
    """An event that is delivered for the last time; it notes how it was answered."""

    attempt = 5
    answer = ""

    async def done(self) -> None:
        self.answer = "done"

    async def give_up(self, reason: str) -> None:
        del reason
        self.answer = "given up"


class Few(Stored):
    def __init__(self) -> None:
        self.events = [LastAttempt(words(number)) for number in range(10)]

    async def __aiter__(self) -> AsyncIterator[EventJob]:
        for event in self.events:
            yield event


async def test_one_event_that_fails_in_a_batch_costs_the_others_nothing() -> None:
    async def writes(events: list[TranscriptFinal]) -> None:
        if any(event.utterance == 7 for event in events):
            raise ValueError("cannot be written")

    batched, source = subscriber("transcript.final", batch=10)(writes), Few()
    context = Context(Bus(Client()), load(_env_file=None), "g")
    await Runner(batched, source).run(context, asyncio.Event())
    assert [delivery.answer for delivery in source.events] == ["done"] * 7 + ["given up"] + [
        "done"
    ] * 2
