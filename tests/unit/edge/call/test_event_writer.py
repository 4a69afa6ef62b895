"""The events of a call are stored in the order of its decisions, within what it may store."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from structlog.testing import capture_logs

from edge.call.bus_outage import BusOutage
from edge.call.event_writer import MOST_UNSTORED_EVENTS, UNBOUNDED, EventWriter, LogTerms
from edge.call.quotas import QUOTA_STEP_BYTES, LogQuota
from runtime.buckets import Bucket
from runtime.bus.errors import BusAwayError, BusRefusedError
from schemas import stages
from schemas.events import Event, KeysPressed, SpeechStarted
from tests.neutral import taken
from tests.unit.edge.call.memory_bus import MemoryBus

WHOSE: dict[str, Any] = {"tenant": "t", "session": "s", "at_ms": 1}


class NoSlot:
    """Has no slot for the language model's jobs."""

    def __init__(self) -> None:
        self.left = False

    async def take(self, event: Event) -> bool:
        return isinstance(event, SpeechStarted)

    def note_stored(self, event: Event) -> None:
        raise AssertionError(event)  # the session tells it

    def leave(self) -> None:
        self.left = True


def writer(bus: MemoryBus, terms: LogTerms = UNBOUNDED) -> EventWriter:
    return EventWriter(bus, BusOutage(lambda: 0), terms)


def ignored(_: Event) -> None: ...


async def running(events: EventWriter, noted: Callable[[Event], None] = ignored) -> list[str]:
    """Store events until the close, each for *noted*; return why the log took no more."""
    told = list[str]()
    await events.run(lambda _: True, noted, lambda code, why: told.append(f"{code}: {why}"))
    return told


async def until_stored(events: EventWriter, noted: Callable[[Event], None] = ignored) -> list[str]:
    events.finish()
    async with asyncio.timeout(20):
        return await running(events, noted)


def pressed(keys: str) -> KeysPressed:
    return KeysPressed(**WHOSE, keys=keys)


async def test_events_are_stored_in_their_order_to_the_last() -> None:
    bus = MemoryBus()
    events = writer(bus)
    given = [pressed(str(number)) for number in range(20)]
    assert all(map(events.put, given))
    await until_stored(events)
    assert bus.stored == given


class SmallBus(MemoryBus):
    """A bus that takes no event with many keys."""

    async def publish(self, event: Event, data: bytes, *, timeout_s: float) -> int:
        if len(data) > 1000:
            raise BusRefusedError("too large")
        return await super().publish(event, data, timeout_s=timeout_s)


async def test_an_event_that_is_too_large_ends_the_session_and_holds_up_no_other() -> None:
    bus = SmallBus()
    events = writer(bus)
    for keys in ("1", "2" * 2000, "3"):
        assert events.put(pressed(keys))
    noted: list[Event] = []
    assert await until_stored(events, noted.append) == ["EVENT_TOO_LARGE: too large"]
    assert noted == bus.stored == [pressed("1"), pressed("3")]


async def test_who_waits_is_told_when_what_was_put_before_is_stored() -> None:
    bus = MemoryBus()
    events = writer(bus)
    events.put(pressed("1"))
    storing = asyncio.create_task(running(events))
    async with asyncio.timeout(20):
        await events.stored()
        assert bus.stored == [pressed("1")]
        events.finish()
        await storing
        await events.stored()  # nothing more comes


async def test_who_waits_is_not_held_up_by_what_comes_later() -> None:
    class OneSlow(MemoryBus):
        async def publish(self, event: Event, data: bytes, *, timeout_s: float) -> int:
            if self.stored:
                await asyncio.Event().wait()
            return await super().publish(event, data, timeout_s=timeout_s)

    events = writer(OneSlow())
    events.put(pressed("1"))
    storing = asyncio.create_task(running(events))
    waiting = asyncio.create_task(events.stored())
    await asyncio.sleep(0)
    events.put(pressed("2"))
    async with asyncio.timeout(20):
        await waiting
    storing.cancel()


async def test_who_waits_after_the_close_is_told_once_all_is_stored() -> None:
    bus = MemoryBus()
    events = writer(bus)
    events.put(pressed("1"))
    events.finish()
    waiting = asyncio.create_task(events.stored())
    await asyncio.sleep(0)
    assert not waiting.done()
    async with asyncio.timeout(20):
        await running(events)
        await waiting
    assert bus.stored == [pressed("1")]


class AwayBus(MemoryBus):
    """A bus that goes away after three events."""

    async def publish(self, event: Event, data: bytes, *, timeout_s: float) -> int:
        if len(self.stored) == 3:
            raise BusAwayError("not acknowledged")
        return await super().publish(event, data, timeout_s=timeout_s)


@pytest.mark.parametrize(("given", "lost"), [(3, []), (8, [5])])
async def test_events_that_are_given_up_are_counted_in_the_log(given: int, lost: list[int]) -> None:
    bus = AwayBus()
    events = writer(bus)
    for number in range(given):
        events.put(pressed(f"secret {number}"))
    with capture_logs() as logs:
        storing = asyncio.create_task(running(events))
        async with asyncio.timeout(20):
            while len(bus.stored) < 3 or (given > 3 and not logs):
                await asyncio.sleep(0)
        await asyncio.sleep(0)
        storing.cancel()
        await asyncio.wait({storing})
    told = [one for one in logs if one["event"] == "events_not_stored"]
    assert [(one["session"], one["count"]) for one in told] == [("s", count) for count in lost]
    assert "secret" not in str(logs)


async def test_a_job_without_a_slot_is_stored_as_no_job() -> None:
    bus, slots = MemoryBus(), NoSlot()
    events = writer(bus, LogTerms(jobs=slots))
    heard = SpeechStarted(**WHOSE, utterance=1, language="en", deadline_ms=0)
    for event in (heard, taken()):
        events.put(event)
    noted: list[Event] = []
    await until_stored(events, noted.append)
    assert [event.recorded for event in bus.stored if isinstance(event, stages.JobEvent)] == [
        (),
        stages.STAGE_NAMES,
    ]
    assert noted == bus.stored
    assert slots.left


async def test_a_call_that_stores_too_much_is_told_once_and_its_events_are_kept() -> None:
    bus = MemoryBus()
    quota = LogQuota([], lambda: Bucket(rate=1, size=QUOTA_STEP_BYTES + 1000))
    events = writer(bus, LogTerms(quota=quota))
    for number in range(60):  # more than three steps
        events.put(pressed(str(number)))
    told = await until_stored(events)
    assert len(told) == 1
    assert told[0].startswith("QUOTA_EXCEEDED: ")
    assert "AURA_LOG_KB_PER_MINUTE" in told[0]
    assert len(bus.stored) == 60


async def test_the_share_of_the_log_grows_with_the_time() -> None:
    bus, now_s = MemoryBus(), 0.0

    def clock() -> float:
        nonlocal now_s
        now_s += 1.0
        return now_s

    quota = LogQuota([], lambda: Bucket(rate=QUOTA_STEP_BYTES, size=2 * QUOTA_STEP_BYTES))
    events = EventWriter(bus, BusOutage(lambda: 0), LogTerms(quota=quota), clock)
    for number in range(200):
        events.put(pressed(str(number)))
    assert await until_stored(events) == []


async def test_who_waits_takes_no_room_of_events_and_the_last_one_has_room() -> None:
    bus = MemoryBus()
    events = writer(bus)
    events.put(pressed("1"))
    waiting = [asyncio.create_task(events.stored()) for _ in range(3)]
    await asyncio.sleep(0)
    assert all(events.put(pressed("1")) for _ in range(MOST_UNSTORED_EVENTS - 1))
    await until_stored(events)
    await asyncio.gather(*waiting)
    assert len(bus.stored) == MOST_UNSTORED_EVENTS


@pytest.mark.parametrize("more", [0, 3])
async def test_no_more_than_so_many_events_wait(more: int) -> None:
    events = writer(MemoryBus())
    taken_in = [events.put(pressed("1")) for _ in range(MOST_UNSTORED_EVENTS + more)]
    assert taken_in.count(False) == more
