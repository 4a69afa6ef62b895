"""A list of sessions: of a finished one the last event is read, of another one all events."""

from __future__ import annotations

import time
from typing import Any

import msgspec
import pytest

from runtime.bus.reader import Stored
from runtime.sessions.finding import decoded, sessions
from runtime.sessions.listing import SessionFilter, folded
from schemas import events as ev
from tests.unit.runtime.stored_log import StoredLog, stored
from tests.unit.runtime.story import T0, story


def session(name: str, later_ms: int = 0, tenant: str = "acme") -> list[Any]:
    """Return the story as the session *name*."""
    return [
        msgspec.structs.replace(
            event,
            session=name,
            tenant=tenant,
            at_ms=event.at_ms + later_ms,
            **({"started_at_ms": T0 + later_ms} if isinstance(event, ev.SessionEnded) else {}),
        )
        for event in story()
    ]


def log(*told: list[Any]) -> Any:  # it stands for a `Bus`
    events = (event for events_of_one in told for event in events_of_one)
    return StoredLog(*enumerate(events, 1))


async def test_the_newest_session_is_the_first_and_finished_ones_are_not_read() -> None:
    bus = log(session("s_1"), session("s_2", 60_000))
    rows = await sessions(bus, SessionFilter())
    assert [row.session for row in rows] == ["s_2", "s_1"]
    assert [row.turns for row in rows] == [2, 2]
    assert bus.read_after == []


async def test_of_a_session_without_an_end_all_events_are_read() -> None:
    now_ms = round(time.time() * 1000)
    running, forsaken = session("s_1", now_ms - T0)[:-1], session("s_3")[:-1]
    bus = log(running, session("s_2", 60_000), forsaken)
    rows = await sessions(bus, SessionFilter())
    assert [row.ended for row in rows] == ["", "end_call", "forsaken"]
    assert rows[0] == folded(running)
    assert rows[2] == folded(forsaken, now_ms)
    assert len(bus.read_after) == 2


@pytest.mark.parametrize(
    ("wanted", "names"),
    [
        (SessionFilter(tenant="acme"), ["s_1"]),
        (SessionFilter(tenant="rival"), ["s_2"]),
        (SessionFilter(tenant="nobody"), []),
        (SessionFilter(since_ms=T0 + 1), ["s_2"]),
        (SessionFilter(user="nobody"), []),
    ],
)
async def test_only_wanted_sessions_are_listed(wanted: SessionFilter, names: list[str]) -> None:
    bus = log(session("s_1"), session("s_2", 60_000, "rival"))
    assert [row.session for row in await sessions(bus, wanted)] == names


def test_events_of_a_later_aura_are_left_out() -> None:
    first = session("s_1")[-1]
    known = stored(1, first)
    later = Stored(known.subject, 2, b"\x81\xa4type\xa9tea.poured", {}, known.time)
    broken = Stored(known.subject, 3, b"\xc1", {}, known.time)
    assert decoded([known, later, broken]) == [first]
