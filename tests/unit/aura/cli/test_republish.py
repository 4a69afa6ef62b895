"""A session is replayed from a turn on, at its own pace or faster."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest

from aura.cli.republish import paced, since_turn
from aura.cli.running import CommandError
from runtime.bus.reader import Stored
from schemas import codec, events, subjects
from schemas.session_config import SessionConfig
from tests.neutral import taken

T0 = 1_700_000_000_000
WHO: dict[str, Any] = {"tenant": "t", "session": "s"}


def stored(event: Any) -> Stored:
    return Stored(subjects.event(event), event.at_ms, codec.encode(event), {}, "")


def started() -> Stored:
    begun = events.SessionStarted(
        **WHO, at_ms=T0, user="u", protocol="x", edge="e", config=SessionConfig()
    )
    return stored(begun)


def speech(utterance: int, at_ms: int) -> Stored:
    said = events.SpeechStarted(
        **WHO, at_ms=T0 + at_ms, utterance=utterance, language="en", deadline_ms=0
    )
    return stored(said)


def turn(number: int, at_ms: int, utterance: int = 0) -> Stored:
    return stored(taken(**WHO, at_ms=T0 + at_ms, turn=number, utterance=utterance))


BROKEN = Stored("aura.ev.t.s.life", 1, b"of a newer version", {}, "")
SESSION = [
    started(),
    speech(1, 1000),
    turn(1, 2000, 1),
    BROKEN,
    speech(2, 3000),
    turn(2, 4000, 2),
    turn(3, 5000, 2),  # the caller went on: the same utterance
    turn(4, 9000),  # typed
]


def test_from_the_beginning_everything_is_replayed() -> None:
    assert since_turn(SESSION, 0) == SESSION


@pytest.mark.parametrize(("number", "place"), [(1, 1), (2, 4), (3, 4), (4, 7)])
def test_a_turn_begins_with_its_own_speech_and_a_typed_one_with_itself(
    number: int, place: int
) -> None:
    assert since_turn(SESSION, number) == [SESSION[0], *SESSION[place:]]


def test_a_turn_that_was_never_taken_begins_with_the_next_one() -> None:
    assert since_turn([started(), turn(3, 1000)], 2) == [started(), turn(3, 1000)]
    with pytest.raises(CommandError, match="no turn 5"):
        since_turn(SESSION, 5)


async def test_events_come_in_the_order_of_their_times_with_one_delay() -> None:
    now_ms = time.time() * 1000
    late = [started(), turn(1, 40), speech(1, 20), BROKEN]
    replayed = [(message, later) async for message, later in paced(late, 1.0, cut=False)]
    assert [message for message, _ in replayed] == [late[0], late[2], late[1]]
    delays = [later for _, later in replayed]
    assert max(delays) - min(delays) <= 1
    assert delays[0] == pytest.approx(now_ms - T0, abs=5000)


async def test_a_replay_at_a_speed_takes_that_much_less_time() -> None:
    delays = [later async for _, later in paced([started(), turn(1, 6000)], 100.0, cut=False)]
    assert asyncio.get_running_loop().time() == pytest.approx(0.06)
    assert delays[0] - delays[1] == 6000 - 60, "the times of its events are as close together"


async def test_the_time_before_the_turn_is_skipped() -> None:
    async for _ in paced([started(), turn(9, 3_600_000)], 1.0, cut=True):
        pass
    assert asyncio.get_running_loop().time() == 0
    assert [message async for message in paced([BROKEN], 1.0, cut=True)] == []
