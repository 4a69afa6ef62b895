"""Thousands of stored messages are read at once: whole, in order, and of one session alone."""

from __future__ import annotations

import asyncio

import pytest

from runtime.bus.bulk_reader import BulkReader
from runtime.bus.connection import Bus
from runtime.bus.errors import BusAwayError
from schemas import subjects
from schemas.events import SpeechStarted
from tests.nats_server import NatsServer


def speech(session: str, number: int, tenant: str = "t") -> SpeechStarted:
    return SpeechStarted(
        tenant=tenant,
        session=session,
        at_ms=number,
        utterance=number,
        language="en",
        deadline_ms=0,
    )


async def publish(bus: Bus, *events: SpeechStarted) -> None:
    for at in range(0, len(events), 100):
        await asyncio.gather(*(bus.publish(event) for event in events[at : at + 100]))


async def read(reader: Bus | BulkReader, session: str) -> list[tuple[str, int]]:
    found = []
    for one in await reader.session_events(session):
        event = one.event()
        assert isinstance(event, SpeechStarted)
        found.append((event.tenant, event.utterance))
    return found


async def test_a_session_is_read_in_the_order_of_the_log_over_several_requests(
    bus: Bus,
) -> None:
    reader = BulkReader(bus.nats_client, read_at_once=7)
    for number in range(20):
        await bus.publish(speech("s", number))
        await bus.publish(speech("other", number))
    assert await read(reader, "s") == [("t", number) for number in range(20)]
    assert await read(reader, "nobody") == []


async def test_a_session_is_found_whatever_its_tenant(bus: Bus) -> None:
    await publish(bus, speech("s", 1, "acme"), speech("s2", 2, "acme"))
    assert await read(bus, "s") == [("acme", 1)]


async def test_the_newest_message_of_each_subject_is_read_over_several_requests(
    bus: Bus,
) -> None:
    reader = BulkReader(bus.nats_client, batch=10)
    sessions = [f"s{number}" for number in range(35)]
    for number in (1, 2):
        await publish(bus, *(speech(session, number) for session in sessions))
    names = [subjects.event(speech(session, 1)) for session in (*sessions, "nobody")]
    found = await reader.newest(names)
    assert sorted(one.subject for one in found) == sorted(names[:-1])
    assert {one.event().at_ms for one in found} == {2}
    assert await reader.newest([]) == []


async def test_a_refused_request_is_not_taken_for_an_empty_log(bus: Bus) -> None:
    """The server answers no request for the newest messages of more than 1024 subjects."""
    count = 1100
    await publish(bus, *(speech(f"s{number}", 1) for number in range(count)))
    names = [subjects.event(speech(f"s{number}", 1)) for number in range(count)]
    with pytest.raises(BusAwayError, match="newest"):
        await BulkReader(bus.nats_client, batch=count).newest(names)
    assert len(await BulkReader(bus.nats_client).newest(names)) == count


async def test_questions_at_the_same_time_get_their_own_answers(bus: Bus) -> None:
    await publish(bus, *(speech(session, 1) for session in ("a", "b", "c")))
    found = await asyncio.gather(*(bus.session_events(session) for session in "abc"))
    assert [[one.event().session for one in events] for events in found] == [["a"], ["b"], ["c"]]


async def test_a_server_that_does_not_answer_is_not_taken_for_an_empty_log(
    bus: Bus, nats_server: NatsServer
) -> None:
    reader = BulkReader(bus.nats_client, wait_s=0.1)
    nats_server.freeze()
    with pytest.raises(BusAwayError, match="session s"):
        await reader.session_events("s")
    with pytest.raises(BusAwayError, match="newest"):
        await reader.newest(["aura.ev.t.s.speech"])
    nats_server.thaw()
