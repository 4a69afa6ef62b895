"""When a connection and a call have had their time, with time as an argument."""

from __future__ import annotations

import math

import pytest

from edge.door.limits.time_limits import Stopwatch, TimeLimits
from runtime.settings import load
from schemas.session_config import CallLimits

LIMITS = TimeLimits(call_s=100, idle_s=30, socket_s=10)


def code(stopwatch: Stopwatch, now_ms: int) -> str:
    up = stopwatch.up(now_ms)
    return up.code if up else ""


def test_a_socket_without_a_call_has_little_time() -> None:
    stopwatch = Stopwatch(LIMITS, 0)
    assert stopwatch.left_s(4000) == 6
    assert code(stopwatch, 9900) == ""
    up = stopwatch.up(10_000)
    assert up is not None
    assert (up.code, up.details) == ("SOCKET_IDLE", "no session for 10 s")


def test_after_a_call_the_socket_has_its_time_again() -> None:
    stopwatch = Stopwatch(LIMITS, 0)
    stopwatch.began(9000, CallLimits())
    assert code(stopwatch, 38_000) == ""
    stopwatch.ended(38_000)
    stopwatch.ended(47_000)  # told twice, it ends once
    assert code(stopwatch, 47_900) == ""
    assert code(stopwatch, 48_000) == "SOCKET_IDLE"


def test_words_keep_a_call_alive_until_the_longest() -> None:
    stopwatch = Stopwatch(LIMITS, 0)
    stopwatch.began(0, CallLimits())
    for now_ms in range(20_000, 100_000, 20_000):
        stopwatch.active(now_ms)
        assert code(stopwatch, now_ms + 19_000) == ""
    assert stopwatch.left_s(90_000) == 10
    assert code(stopwatch, 100_000) == "CALL_TOO_LONG"


def test_a_call_without_a_word_is_over() -> None:
    stopwatch = Stopwatch(LIMITS, 0)
    stopwatch.began(5000, CallLimits())
    stopwatch.active(6000)
    assert code(stopwatch, 35_900) == ""
    assert code(stopwatch, 36_000) == "CALL_IDLE"


def test_a_resumed_call_has_only_the_rest_of_its_time_and_all_of_its_patience() -> None:
    stopwatch = Stopwatch(LIMITS, 0)
    stopwatch.began(5000, CallLimits(), earlier_ms=60_000)
    assert (stopwatch.left_s(34_000), code(stopwatch, 35_000)) == (1, "CALL_IDLE")
    stopwatch.active(30_000)
    assert code(stopwatch, 44_900) == ""
    assert code(stopwatch, 45_000) == "CALL_TOO_LONG"


def test_zero_is_no_limit() -> None:
    stopwatch = Stopwatch(TimeLimits(call_s=0, idle_s=0, socket_s=10), 0)
    stopwatch.began(0, CallLimits())
    assert stopwatch.left_s(1_000_000_000_000) == math.inf
    assert code(stopwatch, 1_000_000_000_000) == ""


@pytest.mark.parametrize(
    ("operators", "agents", "kept"),
    [(100, 20, 20), (100, 200, 100), (0, 20, 20), (100, 0, 100), (0, 0, 0)],
)
def test_an_agent_may_only_tighten_a_limit(operators: float, agents: float, kept: float) -> None:
    limits = TimeLimits(call_s=operators, idle_s=operators, socket_s=7)
    made = limits.tightened(CallLimits(call_s=agents, idle_s=agents))
    assert made == TimeLimits(call_s=kept, idle_s=kept, socket_s=7)


def test_a_call_of_an_agent_ends_by_its_limits_and_the_next_by_its_own() -> None:
    stopwatch = Stopwatch(LIMITS, 0)
    stopwatch.began(0, CallLimits(idle_s=5))
    up = stopwatch.up(5000)
    assert up
    assert (up.code, up.details) == ("CALL_IDLE", "nobody spoke for 5 s")
    stopwatch.ended(5000)
    stopwatch.began(6000, CallLimits())
    assert stopwatch.up(11_500) is None
    stopwatch.limit(CallLimits(call_s=3))
    assert (stopwatch.up(9000) or up).code == "CALL_TOO_LONG"


def test_the_operators_settings_are_the_limits() -> None:
    settings = load(_env_file=None, max_call_s=7, max_call_idle_s=5, max_socket_idle_s=3)
    assert TimeLimits.of(settings) == TimeLimits(call_s=7, idle_s=5, socket_s=3)
