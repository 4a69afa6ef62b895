"""Sessions on a real server: listed, read, moved, forgotten."""

from __future__ import annotations

import time

import msgspec

from aura.bus.connection import Bus
from aura.sessions import log
from aura.sessions.finding import sessions
from aura.sessions.listing import Wanted
from schemas import codec, subjects
from schemas.events import AnyEvent
from tests.unit.aura.story import story

MANY = 2000


async def stored(bus: Bus, events: list[AnyEvent]) -> None:
    """Store *events* as they are, without waiting for each."""
    for event in events:
        data, head = codec.encode(event), codec.headers(event)
        await bus.nc.publish(subjects.event(event), data, headers=head)
    await bus.nc.flush()


async def test_sessions_are_listed_whether_they_were_ended_or_not(bus: Bus) -> None:
    await stored(bus, story("s_1"))
    await stored(bus, story("s_2", tenant="other", user="bob")[:-1])
    found = {row.session: row for row in await sessions(bus, Wanted())}
    assert (found["s_1"].turns, found["s_1"].ended) == (2, "end_call")
    assert (found["s_2"].turns, found["s_2"].ended) == (2, "")
    assert [row.session for row in await sessions(bus, Wanted(tenant="other"))] == ["s_2"]
    assert not await sessions(bus, Wanted(tenant="nobody"))


async def test_thousands_of_sessions_are_listed_without_reading_them(bus: Bus) -> None:
    told = story()
    for number in range(MANY):
        own = {"session": f"s_{number}"}
        await stored(bus, [msgspec.structs.replace(one, **own) for one in (told[0], told[-1])])
    began = time.monotonic()
    rows = await sessions(bus, Wanted())
    took_s = time.monotonic() - began
    assert len({row.session for row in rows}) == MANY
    assert took_s < 2.0 * MANY / 10_000 + 0.5  # 10,000 in 2 s; half a second for a busy machine


async def test_a_session_is_read_in_the_order_of_the_log_whosever_it_is(bus: Bus) -> None:
    told = story()
    await stored(bus, told)
    await stored(bus, story("s_11"))
    assert [one.event() for one in await log.read(bus, "s_1")] == told
