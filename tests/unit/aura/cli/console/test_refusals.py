"""Refusals are counted from the counters of the edges."""

from __future__ import annotations

from aura.cli.console.last_hour import HOUR_MS
from aura.cli.console.refusals import Refusals

NOW_MS = 10 * HOUR_MS


def test_refusals_are_the_growth_of_counters_since_the_first_look() -> None:
    fold = Refusals()
    fold.look({"e1": {"sessions": 40}}, NOW_MS)
    assert fold.last_hour(NOW_MS) == {}
    fold.look({"e1": {"sessions": 42}, "e2": {"tokens": 3}}, NOW_MS + 1000)
    fold.look({}, NOW_MS + 2000)  # nobody answered in time
    fold.look({"e1": {"sessions": 42}}, NOW_MS + 3000)
    assert fold.last_hour(NOW_MS + 3000) == {"tokens": 3, "sessions": 2}
    assert fold.last_hour(NOW_MS + 2000 + HOUR_MS) == {}
    assert fold.since_ms == NOW_MS
