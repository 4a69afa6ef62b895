"""Each free slot is asked for once, and asked for anew when nobody remembers it."""

from __future__ import annotations

import pytest

from runtime.bus.pull_state import EXPIRED, IDLE, LOST_REQUESTS_S, Ended, PullState

CONSUMER_MOVED = "409"


def asked(slots: int, now_s: float = 10.0) -> PullState:
    pull = PullState(slots)
    assert pull.request(now_s) == slots
    return pull


def test_a_requested_slot_is_not_requested_again() -> None:
    assert asked(4).request(10.1) == 0


def test_a_job_takes_the_slot_that_was_asked_for_until_it_is_answered() -> None:
    pull = asked(2)
    pull.job_came(10.1)
    assert pull.in_flight == 1
    assert pull.request(10.2) == 0
    pull.free_slot()
    assert pull.in_flight == 0
    assert pull.request(10.3) == 1


def test_a_job_that_waits_leaves_its_slot_to_another_and_takes_one_again() -> None:
    pull = asked(1)
    pull.job_came(10.1)
    pull.free_slot()
    assert pull.request(10.2) == 1
    pull.job_came(10.3)
    pull.take_slot()
    assert pull.in_flight == 2
    assert pull.request(10.4) == 0


def test_more_jobs_than_slots_are_accepted_and_no_more_requested() -> None:
    """Requests that were taken for lost may be answered after all."""
    pull = asked(1)
    pull.note_lost()
    assert pull.request(12.0) == 1
    pull.job_came(12.1)
    pull.job_came(12.1)
    assert pull.in_flight == 2
    pull.free_slot()
    assert pull.request(12.2) == 0
    pull.free_slot()
    assert pull.request(12.3) == 1


def test_an_idle_heartbeat_means_a_live_request() -> None:
    pull = asked(2)
    pull.job_came(10.1)
    assert pull.status_came(IDLE, None, 11.0) is Ended.NOT_YET
    assert not pull.is_forgotten(11.0 + LOST_REQUESTS_S)
    assert pull.request(11.1) == 0


def test_silence_means_that_our_requests_are_forgotten() -> None:
    pull = asked(2, now_s=10.0)
    assert not pull.is_forgotten(10.0 + LOST_REQUESTS_S)
    assert pull.is_forgotten(10.1 + LOST_REQUESTS_S)


def test_without_a_request_silence_loses_nothing() -> None:
    pull = asked(1)
    pull.job_came(10.0)
    assert not pull.is_forgotten(10_000.0)
    assert not PullState(3).is_forgotten(10_000.0)


def test_after_a_reconnect_all_free_slots_are_requested_again() -> None:
    pull = asked(3)
    pull.job_came(10.1)
    pull.note_lost()
    assert not pull.is_forgotten(10_000.0)
    assert pull.request(10_000.0) == 2
    assert not pull.is_forgotten(10_000.1)


@pytest.mark.parametrize(("left", "to_ask"), [(2, 2), (3, 3), (0, 0), (99, 4), (None, 4)])
def test_an_ended_request_frees_the_slots_without_a_job(left: int | None, to_ask: int) -> None:
    pull = asked(4)
    assert pull.status_came(EXPIRED, left, 40.0) is Ended.EXPIRED
    assert pull.request(40.1) == to_ask


def test_a_refusal_is_news_once() -> None:
    pull = asked(1)
    told = [pull.status_came(CONSUMER_MOVED, 1, 11.0 + k) for k in range(3)]
    assert told == [Ended.REFUSED_ANEW, Ended.REFUSED, Ended.REFUSED]
    assert pull.status_came(EXPIRED, 1, 20.0) is Ended.EXPIRED
    assert pull.status_came(CONSUMER_MOVED, 1, 21.0) is Ended.REFUSED_ANEW
