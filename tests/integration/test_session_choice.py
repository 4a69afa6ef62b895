"""A command's session: by its id, the beginning of the id, or the newest call."""

from __future__ import annotations

import pytest

from aura.cli.running import CommandError
from aura.cli.session.session_choice import MOST_SHOWN_SESSIONS, NEWEST, chosen
from runtime.bus.connection import Bus
from schemas.events import SessionStarted
from schemas.session_config import SessionConfig


async def begin(bus: Bus, *sessions: str) -> None:
    for number, session in enumerate(sessions):
        started = SessionStarted(
            tenant="t",
            session=session,
            at_ms=1_700_000_000_000 + number,
            user="u",
            protocol="continuous",
            edge="e",
            config=SessionConfig(),
        )
        await bus.publish(started)


async def test_a_session_is_found_by_the_beginning_of_its_id(bus: Bus) -> None:
    await begin(bus, "s_abc1", "s_abd2", "demo-1")
    assert await chosen(bus, "s_abc") == "s_abc1"
    assert await chosen(bus, "abd") == "s_abd2", "the s_ may be left out"
    assert await chosen(bus, "demo") == "demo-1"
    assert await chosen(bus, "nobody") == "nobody", "its command tells that there is none"


async def test_a_whole_id_is_meant_even_if_others_begin_with_it(bus: Bus) -> None:
    await begin(bus, "s_a", "s_ab")
    assert await chosen(bus, "s_a") == "s_a"


async def test_a_beginning_of_several_is_refused_and_some_of_them_are_named(bus: Bus) -> None:
    await begin(bus, *(f"s_a{number}" for number in range(MOST_SHOWN_SESSIONS + 1)))
    with pytest.raises(CommandError, match=r"6 sessions begin with s_a: s_a0, .*s_a4 \.\.\.$"):
        await chosen(bus, "s_a")


async def test_the_newest_call_is_the_one_that_began_last(bus: Bus) -> None:
    with pytest.raises(CommandError, match="aura call"):
        await chosen(bus, NEWEST)
    await begin(bus, "s_b", "s_a")
    assert await chosen(bus, NEWEST) == "s_a"
