"""The clock of sessions runs on when somebody sets the system's time."""

import time

import pytest

from edge.call.clock import now_ms


def test_the_clock_tells_the_time_of_the_system() -> None:
    assert abs(now_ms() - time.time() * 1000) < 60_000


def test_setting_the_systems_time_moves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    before = now_ms()
    monkeypatch.setattr(time, "time", lambda: 0.0)
    assert before <= now_ms() < before + 60_000


def test_the_time_of_a_suspension_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    before, read = now_ms(), time.clock_gettime
    suspended_s = {time.CLOCK_BOOTTIME: 3600}
    monkeypatch.setattr(time, "clock_gettime", lambda kind: read(kind) + suspended_s.get(kind, 0))
    assert 3_600_000 <= now_ms() - before < 3_660_000
