"""The amounts that one connection may cost."""

from __future__ import annotations

import pytest

from edge.door.limits.allowance import Load, OverBudgetError
from edge.door.limits.costs import (
    AHEAD_AUDIO_S,
    AT_ONCE_S,
    CHECK_AUDIO_S,
    CHECK_BYTES,
    CHECK_FRAMES,
    CHECK_WORK_S,
    Allowances,
    Costs,
)


def test_what_a_live_connection_spends_between_two_checks_is_no_burst() -> None:
    of = Allowances.of(Costs(), 0.0)
    assert of.spend(CHECK_FRAMES, CHECK_BYTES, CHECK_WORK_S, CHECK_AUDIO_S, 0.0) == 0.0
    assert {one.load for one in of} == {Load.LIVE}


def test_the_longest_wait_counts() -> None:
    of = Allowances.of(Costs(frames_per_second=100), 0.0)
    frames = int(100 * AT_ONCE_S)
    assert of.spend(frames + 300, 0, 0.0, 62.0, 0.0) == pytest.approx(3.0)


def test_the_operators_bounds_are_those_that_are_told() -> None:
    of = Allowances.of(Costs(frames_per_second=50, audio_at_once_s=20.0), 0.0)
    of.spend(0, 0, 0.0, AHEAD_AUDIO_S + 0.1, 0.0)
    assert of.audio.load is Load.AHEAD
    with pytest.raises(OverBudgetError, match="more than 20 s at once"):
        of.spend(0, 0, 0.0, 1000.0, 0.0)
    with pytest.raises(OverBudgetError, match="more than 50 WebSocket frames a second"):
        of.spend(100_000, 0, 0.0, 0.0, 0.0)


def test_after_the_slowest_refill_a_connection_may_send_as_much_at_once_again() -> None:
    of = Allowances.of(Costs(), 0.0)
    all_at_once = (int(Costs().frames_per_second * AT_ONCE_S), 0, 0.0, Costs().audio_at_once_s)
    assert of.spend(*all_at_once, 0.0) == 0.0
    refill_s = of.refill_s
    assert refill_s > 0
    assert of.spend(*all_at_once, refill_s) == pytest.approx(0.0)
    assert of.spend(*all_at_once, refill_s + 1.0) > 1.0
