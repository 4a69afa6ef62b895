"""Messages of a log are counted page by page and erased one by one."""

from __future__ import annotations

from typing import Any

import pytest

from runtime.bus.errors import BusAwayError
from runtime.sessions.log import ask, count, erase
from schemas import events as ev
from schemas import subjects
from tests.unit.runtime.stored_log import PAGE, StoredLog

ALL = subjects.session_events("*", "*")


def keys(session: str) -> ev.KeysPressed:
    return ev.KeysPressed(tenant="t", session=session, at_ms=1000, keys="1")


def log(*sessions: str) -> Any:  # it stands for a `Bus`
    return StoredLog(*((seq, keys(session)) for seq, session in enumerate(sessions, 1)))


@pytest.mark.parametrize("sessions", [0, 1, PAGE, PAGE + 1, 3 * PAGE])
async def test_all_pages_of_subjects_are_counted(sessions: int) -> None:
    names = [f"s_{number}" for number in range(sessions)]
    bus = log(*names, *names[:1])
    counts = await count(bus, subjects.EVENTS_STREAM, ALL)
    assert counts == {
        subjects.session_events("t", name, "life"): 1 + (name == "s_0") for name in names
    }
    assert len(bus.asked) == max(1, -(-sessions // PAGE))
    assert bus.asked[0][0] == f"STREAM.INFO.{subjects.EVENTS_STREAM}"


async def test_only_matching_subjects_are_counted() -> None:
    counts = await count(log("s_1", "s_2"), subjects.EVENTS_STREAM, "aura.ev.t.s_2.*")
    assert counts == {"aura.ev.t.s_2.life": 1}


async def test_a_message_is_erased_by_its_number() -> None:
    bus = log("s_1", "s_2", "s_3")
    await erase(bus, subjects.EVENTS_STREAM, [1, 3])
    assert [message.seq for message in bus.stored] == [2]
    await erase(bus, subjects.EVENTS_STREAM, [])
    assert len(bus.asked) == 2


async def test_a_refusal_of_the_server_is_told_with_its_reason() -> None:
    bus = log("s_1")
    bus.refuses = "stream not found"
    with pytest.raises(BusAwayError, match=r"STREAM\.INFO\.X: stream not found"):
        await count(bus, "X", ALL)
    with pytest.raises(BusAwayError):
        await ask(bus, "STREAM.INFO.X", {})
