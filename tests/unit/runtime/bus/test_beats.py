"""A bus that does not answer for some beats is away; a link that stays silent is replaced."""

from __future__ import annotations

from runtime.bus.beats import AWAY_BEATS, STALE_BEATS, Beats


def beat(beats: Beats, *, answers: bool, connected: bool = True) -> bool:
    """Let a beat pass; tell whether the link must be replaced."""
    if beats.may_ping(connected=connected):
        beats.note_ping()
    if answers:
        beats.ping_over()
    return beats.passed(connected=connected)


def silent(count: int, *, connected: bool = True) -> Beats:
    beats = Beats()
    for _ in range(count):
        assert not beat(beats, answers=False, connected=connected)
    return beats


def test_a_bus_that_answers_is_there() -> None:
    beats = Beats()
    for _ in range(100):
        assert not beat(beats, answers=True)
        assert not beats.away


def test_a_bus_is_away_after_some_silent_beats() -> None:
    assert not silent(AWAY_BEATS - 1).away
    assert silent(AWAY_BEATS).away


def test_one_answer_brings_it_back() -> None:
    beats = silent(AWAY_BEATS)
    beats.ping_over()
    assert not beats.passed(connected=True)
    assert not beats.away


def test_one_ping_at_a_time_is_on_its_way() -> None:
    beats = Beats()
    assert beats.may_ping(connected=True)
    beats.note_ping()
    assert not beats.may_ping(connected=True)
    beats.ping_over()
    assert beats.may_ping(connected=True)


def test_a_link_that_is_lost_is_not_asked_and_its_bus_is_away() -> None:
    beats = silent(AWAY_BEATS, connected=False)
    assert not beats.may_ping(connected=False)
    assert beats.away


def test_a_silent_link_that_counts_as_connected_is_replaced_again_and_again() -> None:
    beats = silent(STALE_BEATS - 1)
    assert beat(beats, answers=False)
    assert beats.away
    again = [beat(beats, answers=False) for _ in range(STALE_BEATS - AWAY_BEATS)]
    assert again == [False] * (len(again) - 1) + [True]


def test_a_link_without_a_connection_is_never_replaced_by_us() -> None:
    silent(10 * STALE_BEATS, connected=False)


def test_a_new_link_begins_anew() -> None:
    beats = silent(AWAY_BEATS)
    beats.reconnected()
    assert not beats.away
    assert beats.may_ping(connected=True)
