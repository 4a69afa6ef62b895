"""A subscriber that is slow holds a bounded number of events, and takes the others afterwards."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Self

from nats.aio.client import Client

from runtime.bus.connection import Bus
from schemas.events import TranscriptFinal
from tests.unit.settings import defaults_but
from workers.analytics import subscriber
from workers.analytics.event_sources import EventJob, LiveEvent
from workers.analytics.runner import Runner
from workers.analytics.subscribers import Context, Postpone

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
    context = Context(Bus(Client()), defaults_but(), "g")
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
    context = Context(Bus(Client()), defaults_but(), "g")
    await Runner(batched, source).run(context, asyncio.Event())
    assert [delivery.answer for delivery in source.events] == ["done"] * 7 + ["given up"] + [
        "done"
    ] * 2


class Waiting(LiveEvent):
    """An event that notes its slot and its answers."""

    def __init__(self, number: int) -> None:
        super().__init__(words(number))
        self.has_slot = True
        self.answers: list[str] = []

    def pause(self) -> None:
        assert self.has_slot
        self.has_slot = False

    def resume(self) -> None:
        assert not self.has_slot
        self.has_slot = True

    async def done(self) -> None:
        self.answers.append("done")

    async def retry(self, delay_s: float = 0.0) -> None:
        self.answers.append(f"retried after {delay_s:g} s")

    async def give_up(self, reason: str) -> None:
        self.answers.append(f"given up: {reason}")


class Open(Stored):
    """A source of a few events that stays open until it is left."""

    def __init__(self, events: int) -> None:
        self.events = [Waiting(number) for number in range(events)]
        self.left = asyncio.Event()

    async def __aiter__(self) -> AsyncIterator[EventJob]:
        for event in self.events:
            yield event
        await self.left.wait()

    async def drain(self) -> None:
        self.left.set()


async def test_a_postponed_event_is_handled_later_and_was_tried_once() -> None:
    stop, calls = asyncio.Event(), list[int]()
    source = Open(3)

    async def patient(event: TranscriptFinal) -> None:
        calls.append(event.utterance)
        if event.utterance == 0 and calls.count(0) < 20:  # more often than it may be delivered
            raise Postpone(0.001)
        if event.utterance == 0:
            stop.set()

    context = Context(Bus(Client()), defaults_but(), "g")
    runner = Runner(subscriber("transcript.final", tries=1)(patient), source)
    async with asyncio.timeout(10):
        await runner.run(context, stop)
    assert [event.answers for event in source.events] == [["done"]] * 3
    assert calls[:3] == [0, 1, 2], "the others do not wait for it"
    assert all(event.has_slot for event in source.events)
    assert (runner.done, runner.failed, runner.in_flight) == (3, 0, 0)


async def test_what_is_postponed_has_no_slot_and_is_given_back_at_the_end() -> None:
    stop, source = asyncio.Event(), Open(300)
    seen = set[int]()

    async def waits(event: TranscriptFinal) -> None:
        seen.add(event.utterance)
        if len(seen) == len(source.events):
            assert not any(event.has_slot for event in source.events[: event.utterance])
            stop.set()
        raise Postpone(60)

    context = Context(Bus(Client()), defaults_but(), "g")
    async with asyncio.timeout(10):
        await Runner(subscriber("transcript.final")(waits), source).run(context, stop)
    assert {tuple(event.answers) for event in source.events} == {("retried after 0 s",)}
    assert all(event.has_slot for event in source.events)


async def test_an_event_that_is_postponed_for_too_long_is_given_up() -> None:
    stop, source = asyncio.Event(), Open(1)

    async def waits(event: TranscriptFinal) -> None:
        del event
        raise Postpone(0.001)

    made = subscriber("transcript.final")(waits)
    runner = Runner(made, source, longest_wait_s=0.005)
    context = Context(Bus(Client()), defaults_but(), "g")
    async with asyncio.timeout(10), asyncio.TaskGroup() as tasks:
        tasks.create_task(runner.run(context, stop))
        await asyncio.sleep(1)
        stop.set()
    assert source.events[0].answers == ["given up: waits: GiveUp"]
    assert runner.failed == 1
