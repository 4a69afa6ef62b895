"""Which subscribers `aura worker analytics` runs, from where, and what it refuses."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from aura.cli.analytics import plan
from aura.cli.running import CommandError
from runtime.settings import load

SETTINGS = load(_env_file=None)
METRICS = "workers.analytics.metrics"


def test_the_group_is_named_after_the_first_module_unless_one_is_given() -> None:
    assert plan(SETTINGS, [METRICS], "", "now", live=False).group == "workers_analytics_metrics"
    assert plan(SETTINGS, [METRICS], "mine", "now", live=False).group == "mine"


def test_the_subscribers_of_all_modules_run() -> None:
    made = plan(SETTINGS, [METRICS, "workers.analytics.warehouse"], "g", "now", live=True)
    assert [subscriber.name for subscriber in made.subscribers] == ["metrics", "warehouse"]
    assert made.live


def test_a_subscriber_runs_once() -> None:
    with pytest.raises(CommandError, match="two subscribers are called 'metrics'"):
        plan(SETTINGS, [METRICS, METRICS], "g", "now", live=True)


def test_without_a_module_the_shipped_ones_are_named() -> None:
    with pytest.raises(CommandError, match=r"workers\.analytics\.metrics"):
        plan(SETTINGS, [], "", "now", live=False)


def test_the_past_is_not_on_the_live_mirror() -> None:
    with pytest.raises(CommandError, match="--live only gets new events"):
        plan(SETTINGS, [METRICS], "", "1h", live=True)


@pytest.mark.parametrize(
    ("module", "group", "start"),
    [("no_such_module", "", "now"), (METRICS, "", "yesterday-ish"), (METRICS, "a b", "now")],
)
def test_a_mistake_is_a_line_for_the_operator(module: str, group: str, start: str) -> None:
    with pytest.raises(CommandError):
        plan(SETTINGS, [module], group, start, live=False)


def test_a_start_may_lie_some_time_back() -> None:
    made = plan(SETTINGS, [METRICS], "", "1h", live=False)
    assert made.start.at is not None
    assert abs(datetime.now(UTC) - made.start.at - timedelta(hours=1)) < timedelta(minutes=1)
