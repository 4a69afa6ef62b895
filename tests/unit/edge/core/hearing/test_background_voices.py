"""What is behind the caller, by loudness alone."""

from __future__ import annotations

from edge.core.hearing.background_voices import BackgroundVoices

SECOND = 50
"""Frames."""


def last(loudness: list[float]) -> bool:
    background, below = BackgroundVoices(), True
    for one in loudness:
        below = background.is_below(one)
    return below


def test_a_room_of_people_is_not_the_caller_once_it_is_known() -> None:
    assert last([300.0] * 5 * SECOND)
    assert not last([300.0] * 9 * SECOND)


def test_a_caller_above_it_is_heard_and_their_end_too() -> None:
    room, caller = [300.0] * 9 * SECOND, [1200.0] * 2 * SECOND
    assert last(room + caller)
    assert not last(room + caller + [300.0] * 15)


def test_a_quiet_caller_in_a_quiet_room_is_heard_however_long_they_speak() -> None:
    assert last([0.0] * SECOND + [90.0] * 14 * SECOND)


def test_a_caller_who_speaks_fluently_is_not_their_own_background() -> None:
    clause, pause = [1200.0] * 2 * SECOND, [0.0] * 15
    background = BackgroundVoices()
    heard = [background.is_below(one) for one in (clause + pause) * 12]
    assert all(heard)


def test_a_gap_in_the_murmur_of_a_room_does_not_make_it_the_caller() -> None:
    room, gap = [300.0] * 9 * SECOND, [0.0] * 12
    assert not last([*room, *gap, *[300.0] * 2 * SECOND])


def test_the_background_is_forgotten_after_a_silence() -> None:
    room = [300.0] * 9 * SECOND
    assert last([*room, *[0.0] * SECOND, *[300.0] * SECOND])


def alone(loudness: list[float]) -> bool:
    background = BackgroundVoices()
    for one in loudness:
        background.is_below(one)
    return background.is_alone


def test_voices_that_were_never_louder_turn_out_to_be_the_background() -> None:
    room = [250.0, 300.0, 350.0] * 3 * SECOND
    assert not alone(room[: 7 * SECOND])
    assert alone(room)


def test_a_caller_who_spoke_over_it_makes_it_more_than_background() -> None:
    room, caller = [300.0] * 4 * SECOND, [1200.0] * SECOND
    assert not alone(room + caller + room)
    assert alone(room + caller + 4 * room)


def test_a_silence_holds_no_background() -> None:
    assert not alone([0.0] * 20 * SECOND)
