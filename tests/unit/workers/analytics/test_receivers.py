"""A receiver that is slow or away keeps its own messages waiting, and no others."""

from __future__ import annotations

import pytest

from workers.analytics.receivers import (
    AWAY_AFTER_FAILURES,
    BUSY_S,
    MOST_DELIVERIES_PER_RECEIVER,
    REST_S,
    WAITING_INTERVAL_S,
    Receivers,
)

HOST, OTHER = "app.example", "other.example"


def failed(receivers: Receivers, now_s: float, times: int) -> None:
    for _ in range(times):
        assert receivers.begin(HOST, now_s) == 0
        receivers.end(HOST, now_s, answered=False)


def test_one_that_gives_no_answer_rests_and_others_do_not() -> None:
    receivers = Receivers()
    failed(receivers, 10.0, AWAY_AFTER_FAILURES)
    assert receivers.begin(HOST, 12.0) == pytest.approx(REST_S - 2)
    assert receivers.begin(OTHER, 12.0) == 0
    assert receivers.begin(HOST, 10.0 + REST_S) == 0


def test_one_that_is_slow_now_and_then_is_not_away() -> None:
    receivers = Receivers()
    for _ in range(3):
        failed(receivers, 10.0, AWAY_AFTER_FAILURES - 1)
        assert receivers.begin(HOST, 10.0) == 0
        receivers.end(HOST, 10.0, answered=True)


def test_one_has_a_part_of_the_deliveries_at_once() -> None:
    receivers = Receivers()
    for _ in range(MOST_DELIVERIES_PER_RECEIVER):
        assert receivers.begin(HOST, 0.0) == 0
    assert receivers.begin(HOST, 0.0) == BUSY_S
    assert receivers.begin(OTHER, 0.0) == 0
    receivers.end(HOST, 0.0, answered=True)
    assert receivers.begin(HOST, 0.0) == 0


def test_the_messages_that_wait_for_one_come_one_after_the_other() -> None:
    receivers = Receivers()
    failed(receivers, 0.0, AWAY_AFTER_FAILURES)
    waits_s = [receivers.begin(HOST, 1.0) for _ in range(10_000)]
    assert waits_s[:2] == pytest.approx([REST_S - 1, REST_S - 1 + WAITING_INTERVAL_S])
    assert waits_s[-1] == pytest.approx(REST_S - 1 + 9999 * WAITING_INTERVAL_S)


def test_one_that_is_slow_for_a_message_that_came_late_makes_it_wait_as_long_as_ever() -> None:
    receivers = Receivers()
    for _ in range(MOST_DELIVERIES_PER_RECEIVER):
        receivers.begin(HOST, 0.0)
    assert receivers.begin(HOST, 0.0) == BUSY_S
    assert receivers.begin(HOST, 60.0) == BUSY_S


def test_a_rest_forgets_the_other_receivers_of_which_nothing_must_be_known() -> None:
    receivers = Receivers()
    receivers.begin(OTHER, 0.0)
    failed(receivers, 0.0, AWAY_AFTER_FAILURES)
    receivers.end(OTHER, 0.0, answered=True)  # it was kept while its delivery went on
    assert receivers.begin(OTHER, 0.0) == 0
