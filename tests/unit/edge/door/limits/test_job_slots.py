"""Whose jobs wait for a slot of a stage, and whose never do."""

from __future__ import annotations

import pytest

from edge.call.late_jobs import no_job
from edge.door.limits.job_keys import key_of
from edge.door.limits.job_slots import FULL_AFTER_S, LONGEST_JOB_S, JobSlots, SessionSlots
from runtime.moves import IllegalMoveError
from schemas.events import (
    Event,
    JobFailed,
    ResponseCancelled,
    SessionEnded,
)
from tests.neutral import WHOSE, speech, taken, words

NOW_S = 100.0


def slots_of(slots: int) -> JobSlots:
    made = JobSlots()
    made.update({"stt": slots, "llm": slots}, {}, 1, NOW_S)
    return made


class Session:
    """A session that wants one job after the other."""

    def __init__(self, slots: JobSlots, address: str, *, stranger: bool = True) -> None:
        self.slots = SessionSlots(slots, address, stranger=stranger)

    def want(self, event: Event | None = None, now_s: float = NOW_S) -> bool:
        """Ask for a slot; return whether it has one at once."""
        event = event or speech()
        self.slots.want(event, now_s)
        return self.has(event)

    def has(self, event: Event | None = None) -> bool:
        return key_of(event or speech()) in self.slots._held

    def ends(self, event: Event) -> None:
        self.slots.note_stored(event, NOW_S)


def stranger(slots: JobSlots, number: int) -> Session:
    return Session(slots, f"a{number}")


def caller(slots: JobSlots) -> Session:
    return Session(slots, "c", stranger=False)


def test_callers_never_wait_however_many_strangers_speak() -> None:
    slots = slots_of(16)
    had = [stranger(slots, number).want() for number in range(100)]
    assert sum(had) == 12  # every fourth slot is left free
    assert all(caller(slots).want() for _ in range(20))


def test_what_callers_use_is_taken_from_strangers_down_to_one() -> None:
    slots = slots_of(8)
    callers = [caller(slots) for _ in range(8)]
    for one in callers:
        one.want()
    first, second = stranger(slots, 1), stranger(slots, 2)
    assert (first.want(), second.want()) == (True, False)
    for one in callers[:4]:
        one.ends(words())
    assert second.has()


def test_strangers_yield_while_a_stage_is_strained_and_win_back_what_they_had() -> None:
    slots = slots_of(16)
    speakers = [stranger(slots, number) for number in range(13)]
    for speaker in speakers:
        speaker.want()
    for _ in range(5):
        slots.update({"stt": 16}, {}, 1, NOW_S, strained=True)
    for speaker in speakers[:11]:
        speaker.ends(words())
        assert not speakers[-1].has()
    for _ in range(20):
        slots.update({"stt": 16}, {}, 1, NOW_S)
    assert speakers[-1].has()


def test_a_stage_works_for_strangers_while_most_of_its_jobs_are_theirs() -> None:
    slots = slots_of(16)
    for number in range(3):
        stranger(slots, number).want()
    for _ in range(2):
        caller(slots).want()
    assert slots.for_strangers() == {"stt"}
    caller(slots).want()
    assert not slots.for_strangers()


def test_the_next_is_of_the_address_that_has_had_the_least() -> None:
    slots = slots_of(1)
    greedy, other = [stranger(slots, 1) for _ in range(3)], stranger(slots, 2)
    for one in (*greedy, other):
        one.want()
    greedy[0].ends(words())
    assert other.has()
    assert not any(one.has() for one in greedy)


def test_a_slot_is_free_again_however_its_job_ends() -> None:
    for event, ends in (
        (speech(), words()),
        (speech(), no_job(speech())),
        (taken(), no_job(taken())),
        (speech(), JobFailed(**WHOSE, stage="stt", reason="r", attempts=1, utterance=1)),
        (taken(), JobFailed(**WHOSE, stage="llm", reason="r", attempts=1, turn=1)),
        (taken(), ResponseCancelled(**WHOSE, turn=1, reason="interrupted")),
    ):
        slots = slots_of(1)
        first, second = stranger(slots, 1), stranger(slots, 2)
        assert first.want(event)
        assert first.slots.want(event, NOW_S) is True  # the same one
        assert not second.want(event)
        first.ends(words(utterance=7))
        assert not second.has(event)
        first.ends(ends)
        assert second.has(event)


def test_a_session_that_ends_waits_for_nothing() -> None:
    slots = slots_of(1)
    first, second, third = (stranger(slots, number) for number in range(3))
    assert first.want()
    wait = second.slots.want(speech(), NOW_S)
    assert not isinstance(wait, bool)
    assert not third.want()
    ended = []
    wait.on_end = lambda: ended.append(True)
    second.slots.leave()
    assert ended
    assert not second.slots.stop_waiting(wait)
    assert second.slots.want(speech(2), NOW_S) is False
    assert second.slots.want(SessionEnded(**WHOSE, reason="end_call", turns=0), NOW_S) is True
    first.slots.leave()
    assert not third.has()


def test_a_slot_of_a_session_that_left_is_free_once_its_stage_has_done_the_job() -> None:
    slots = slots_of(4)
    crowd = [stranger(slots, number) for number in range(3)]
    assert all(one.want() for one in crowd)
    for one in crowd:
        one.slots.leave()
    late = stranger(slots, 9)
    assert not late.want()
    slots.update({"stt": 4}, {"stt": 3}, 1, NOW_S)
    assert not late.has()
    slots.update({"stt": 4}, {"stt": 2}, 1, NOW_S)
    assert late.has()
    assert [one.has() for one in crowd] == [False, True, True]  # the oldest counts as done


def test_edges_share_the_jobs_of_a_stage() -> None:
    slots = JobSlots()
    slots.update({"stt": 2}, {}, 2, NOW_S)
    first, second = stranger(slots, 1), stranger(slots, 2)
    assert first.want()
    first.slots.leave()
    assert not second.want()
    slots.update({"stt": 2}, {"stt": 2}, 2, NOW_S)  # one of them may be ours
    assert not second.has()
    slots.update({"stt": 2}, {"stt": 0}, 2, NOW_S)
    assert second.has()


def test_a_session_that_ends_gives_its_slot_to_another_and_not_to_its_own_waiting_job() -> None:
    slots = slots_of(1)
    first, second = stranger(slots, 1), stranger(slots, 2)
    assert first.want(speech(1))
    wait = first.slots.want(speech(2), NOW_S)
    assert not isinstance(wait, bool)
    assert not second.want()
    first.slots.leave()
    assert not first.has(speech(2))
    assert not first.slots.stop_waiting(wait)
    slots.update({"stt": 1}, {}, 1, NOW_S)
    assert second.has()


def test_a_job_that_is_refused_takes_no_slot_later() -> None:
    slots = slots_of(1)
    first, second = stranger(slots, 1), stranger(slots, 2)
    assert first.want()
    wait = second.slots.want(speech(), NOW_S)
    assert not isinstance(wait, bool)
    assert not second.slots.stop_waiting(wait)
    with pytest.raises(IllegalMoveError, match="HOLD in REFUSED"):
        second.slots.hold(wait, NOW_S)
    first.ends(words())
    assert not second.has()


def test_who_waits_while_a_stage_has_no_free_slot_keeps_new_strangers_out() -> None:
    slots = slots_of(1)
    waiting = stranger(slots, 2)
    stranger(slots, 1).want(taken())
    assert not waiting.want(taken())
    assert not slots.late(NOW_S)
    assert slots.late(NOW_S + FULL_AFTER_S) == "llm"
    later_s = NOW_S + LONGEST_JOB_S + 1
    slots.update({"stt": 1, "llm": 1}, {"llm": 1}, 1, later_s)  # whatever became of the first one
    assert waiting.has(taken())
    assert not slots.late(later_s)


def test_one_address_that_wants_more_than_there_is_keeps_no_stranger_out() -> None:
    slots = slots_of(4)
    assert sum(stranger(slots, 1).want() for _ in range(20)) == 3
    assert not slots.late(NOW_S + 10 * FULL_AFTER_S)


def test_edges_share_the_slots_and_nothing_waits_while_none_are_known() -> None:
    slots = slots_of(0)
    assert all(stranger(slots, number).want() for number in range(50))
    slots = slots_of(2)
    slots.update({"stt": 2}, {}, 4, NOW_S)
    assert stranger(slots, 1).want()
    assert not stranger(slots, 2).want()
