"""Sessions on a real server: listed, read, moved, forgotten."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import msgspec
import pytest

from aura.cli.forget import forget
from edge.door.callers.auth import Caller
from edge.door.limits.session_keys import Limits
from edge.door.limits.session_limits import FullError, SessionLimits
from runtime.bus.connection import Bus
from runtime.bus.jobs import Job, Jobs
from runtime.sessions import transfer
from runtime.sessions.file import pack, unpack
from runtime.sessions.finding import sessions
from runtime.sessions.listing import SessionFilter
from runtime.settings import Settings
from schemas import codec, names, subjects
from schemas.audio import RecordedSound
from schemas.events import AnyEvent
from tests.nats_server import NatsServer
from tests.unit.runtime.story import story

MANY = 2000


async def stored(bus: Bus, events: list[AnyEvent]) -> None:
    """Store *events* as they are, waiting for the last alone."""
    for event in events[:-1]:
        data, head = codec.encode(event), codec.headers(event)
        await bus.send_raw(subjects.event(event), data, head)
    await bus.publish(events[-1])


async def test_sessions_are_listed_whether_they_were_ended_or_not(bus: Bus) -> None:
    await stored(bus, story("s_1"))
    await stored(bus, story("s_2", tenant="other", user="bob")[:-1])
    found = {row.session: row for row in await sessions(bus, SessionFilter())}
    assert (found["s_1"].turns, found["s_1"].ended) == (2, "end_call")
    assert (found["s_2"].turns, found["s_2"].ended) == (2, "forsaken")
    assert [row.session for row in await sessions(bus, SessionFilter(tenant="other"))] == ["s_2"]
    assert not await sessions(bus, SessionFilter(tenant="nobody"))


async def test_thousands_of_sessions_are_listed_without_reading_them(bus: Bus) -> None:
    told = story()
    for number in range(MANY):
        own = {"session": f"s_{number}"}
        await stored(bus, [msgspec.structs.replace(one, **own) for one in (told[0], told[-1])])
    began = time.monotonic()
    rows = await sessions(bus, SessionFilter())
    took_s = time.monotonic() - began
    assert len({row.session for row in rows}) == MANY
    assert took_s < 2.0 * MANY / 10_000 + 2.0  # 10,000 in 2 s; 2 s for a busy machine


async def test_a_session_is_read_in_the_order_of_the_log_whosever_it_is(bus: Bus) -> None:
    told = story()
    await stored(bus, told)
    await stored(bus, story("s_11"))
    assert [one.event() for one in await bus.session_events("s_1")] == told


async def test_a_session_moves_in_one_file_and_is_no_work_where_it_arrives(bus: Bus) -> None:
    await stored(bus, story())
    before = await bus.session_events("s_1")
    out = await transfer.export(bus, "s_1")
    assert out is not None
    data = pack(out)
    with pytest.raises(transfer.AlreadyRecordedError):
        await transfer.store(bus, unpack(data))

    await transfer.forget(bus, [("acme", "s_1")])
    taken: list[Job] = []
    async with Jobs(bus, "TTS", 4) as jobs, asyncio.TaskGroup() as tasks:
        working = tasks.create_task(_take(jobs, taken))
        await asyncio.sleep(0.2)
        await transfer.store(bus, unpack(data))  # ids that the server has seen a moment ago
        after = await bus.session_events("s_1")
        await asyncio.sleep(0.3)
        working.cancel()
    assert [one.data for one in after] == [one.data for one in before]
    assert not [job for job in taken if job.seq >= after[0].seq]
    assert [row.turns for row in await sessions(bus, SessionFilter())] == [2]


async def _take(jobs: Jobs, into: list[Job]) -> None:
    async for job in jobs:
        into.append(job)
        await job.done()


async def test_forgetting_leaves_nothing_not_even_on_the_disk(
    bus: Bus, nats_server: NatsServer, tmp_path: Path
) -> None:
    secret = "xylophone-of-anna"
    told = story()
    told[6] = msgspec.structs.replace(told[6], text=secret)
    await stored(bus, told)
    await stored(bus, story("s_2"))
    sound = RecordedSound(seq=0, from_ms=0, pcm=secret.encode() * 50)
    await bus.store(subjects.recording("acme", "s_1", "caller"), codec.encode(sound), {})
    await until_on_disk(tmp_path, secret)
    last = (await bus.session_events("s_1"))[-1].seq
    advisory = b'{"stream_seq":%d}' % last
    dead = "$JS.EVENT.ADVISORY.CONSUMER.MAX_DELIVERIES.AURA_EVENTS.TTS"
    await bus.send_raw(dead, advisory)
    await bus.flush()

    assert await transfer.left(bus, "acme", "s_1") > 0
    assert await transfer.forget(bus, [("acme", "s_1")]) == len(told) + 2
    assert await transfer.left(bus, "acme", "s_1") == 0
    assert not await bus.read(subjects.DEAD_STREAM, ">")
    assert len(await bus.session_events("s_2")) == len(story())
    await bus.close()
    nats_server.stop()
    assert not on_disk(tmp_path, secret)


@pytest.mark.parametrize("typed", ["victim@example.com", names.stored("victim@example.com")])
@pytest.mark.parametrize("by", ["user", "tenant"])
async def test_somebody_is_found_and_forgotten_under_any_form_of_a_name(
    bus: Bus, settings: Settings, nats_server: NatsServer, tmp_path: Path, typed: str, by: str
) -> None:
    kept, session = names.stored("victim@example.com"), "s_xylophone"
    whose = {"user": "ann", "tenant": "acme", by: kept}
    await stored(bus, story(session, **whose))
    await stored(bus, story("s_2"))
    limits = SessionLimits(bus, Limits(9, 9, 9, 9))
    await limits.take(Caller(whose["user"], whose["tenant"]), session)
    asked = {"user": "", "tenant": "", by: typed}
    wanted = SessionFilter(user=asked["user"], tenant=asked["tenant"])
    assert [row.session for row in await sessions(bus, wanted)] == [session]
    assert await transfer.left(bus, whose["tenant"], session) > 3
    await until_on_disk(tmp_path, kept)
    assert await forget(settings, "", **asked) == 0
    assert await transfer.left(bus, whose["tenant"], session) == 0
    assert [row.session for row in await sessions(bus, SessionFilter())] == ["s_2"]
    await bus.close()
    nats_server.stop()
    assert not on_disk(tmp_path, kept)
    assert not on_disk(tmp_path, session)


async def test_a_call_that_goes_on_is_counted_again_after_its_seat_was_forgotten(bus: Bus) -> None:
    limits = SessionLimits(bus, Limits(9, 9, 1, 9))
    seat = await limits.take(Caller("ann", "acme"), "s_1")
    await transfer.forget(bus, [("acme", "s_2")])
    for key in list(seat.keys):
        await limits._renew(seat, key)  # as it does every ten seconds
    assert len(seat.keys) == 3
    with pytest.raises(FullError, match="of this user"):
        await limits.take(Caller("ann", "acme"), "s_3")


async def until_on_disk(folder: Path, words: str) -> None:
    async with asyncio.timeout(10):
        while not on_disk(folder, words):
            await asyncio.sleep(0.05)


def on_disk(folder: Path, words: str) -> list[Path]:
    files = [path for path in folder.rglob("*") if path.is_file()]
    return [path for path in files if words.encode() in path.read_bytes()]
