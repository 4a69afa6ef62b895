"""The clock of sessions runs on when somebody sets the system's time."""

import time

import pytest

from edge.call.clock import now_ms


def test_it_is_the_time() -> None:
    assert abs(now_ms() - time.time() * 1000) < 60_000


def test_setting_the_systems_time_moves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    before = now_ms()
    monkeypatch.setattr(time, "time", lambda: 0.0)
    assert before <= now_ms() < before + 60_000
