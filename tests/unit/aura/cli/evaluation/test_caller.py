"""How long the caller of a suite waits."""

from __future__ import annotations

from aura.cli.evaluation.caller import timeout_s


def test_a_slow_response_is_waited_for_where_the_suite_allows_it() -> None:
    assert [timeout_s(limit_s) for limit_s in (0.0, 2.5, 45.0)] == [30.0, 30.0, 90.0]
