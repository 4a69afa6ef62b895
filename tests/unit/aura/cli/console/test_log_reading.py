"""The console reads the log from where it stopped, or from an hour ago, and never too much."""

from __future__ import annotations

from typing import Any

import pytest

from aura.cli.console import log_reading
from aura.cli.console.last_hour import HOUR_MS
from aura.cli.console.log_reading import MOST_READ, before_now
from runtime.bus.errors import BusAwayError
from schemas import codec
from schemas import events as ev
from tests.unit.runtime.stored_log import StoredLog, stored

NOW_MS = 1_700_000_000_000
MINUTE_MS = 60_000


def keys(ago_ms: int) -> ev.KeysPressed:
    return ev.KeysPressed(tenant="t", session="s", at_ms=NOW_MS - ago_ms, keys="1")


def turn(ago_ms: int) -> ev.TurnMeasured:
    return ev.TurnMeasured(tenant="t", session="s", at_ms=NOW_MS - ago_ms, turn=1)


def log(*events: tuple[int, ev.Event]) -> Any:  # it stands for a `Bus`
    return StoredLog(*events)


HOUR = ((1, keys(2 * HOUR_MS)), (2, keys(30 * MINUTE_MS)), (3, turn(20 * MINUTE_MS)))


def numbers(read: log_reading.Read) -> list[int]:
    return [seq for seq, _, _ in read.events]


async def test_at_first_the_last_hour_is_read_in_the_order_of_the_log() -> None:
    read = await before_now(log(*HOUR, (4, keys(1))), 0, NOW_MS)
    assert numbers(read) == [2, 3, 4]
    assert read.since_ms == NOW_MS - HOUR_MS
    assert [type(event) for _, _, event in read.events] == [
        ev.KeysPressed,
        ev.TurnMeasured,
        ev.KeysPressed,
    ]


async def test_later_only_what_is_new_is_read() -> None:
    read = await before_now(log(*HOUR), 2, NOW_MS)
    assert (numbers(read), read.since_ms) == ([3], 0)
    read = await before_now(log(*HOUR), 3, NOW_MS)
    assert (numbers(read), read.since_ms) == ([], 0)


async def test_a_log_that_was_replaced_is_read_anew() -> None:
    read = await before_now(log(*HOUR), 4, NOW_MS)
    assert (numbers(read), read.since_ms) == ([2, 3], NOW_MS - HOUR_MS)


async def test_of_a_long_log_only_the_newest_events_are_read_and_it_says_since_when() -> None:
    busy = log(
        (10, keys(30 * MINUTE_MS)),
        (11, keys(20 * MINUTE_MS)),
        (10 + MOST_READ, keys(MINUTE_MS)),
    )
    read = await before_now(busy, 0, NOW_MS)
    assert numbers(read) == [11, 10 + MOST_READ]
    assert read.since_ms == NOW_MS - 20 * MINUTE_MS
    read = await before_now(busy, 5, NOW_MS)
    assert (numbers(read), read.since_ms) == ([11, 10 + MOST_READ], 0)


@pytest.mark.parametrize("events", [(), HOUR[:1]])
async def test_without_events_in_the_hour_nothing_is_read(events: Any) -> None:
    read = await before_now(log(*events), 0, NOW_MS)
    assert (read.events, read.since_ms) == ([], NOW_MS - HOUR_MS)


async def test_a_copy_from_another_session_is_marked() -> None:
    bus = log(*HOUR)
    bus.stored.append(stored(4, keys(1), **{codec.COPY_HEADER: "s_0"}))
    read = await before_now(bus, 2, NOW_MS)
    assert [copied for _, copied, _ in read.events] == [False, True]


async def test_without_a_log_the_operator_is_told_what_sets_it_up() -> None:
    bus = log()
    bus.refuses = "stream not found"
    with pytest.raises(BusAwayError, match="aura provision"):
        await before_now(bus, 0, NOW_MS)
