"""A function becomes a subscriber, or the error says why not."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from runtime.settings import load as settings_of
from schemas.events import TranscriptFinal, TurnMeasured
from workers.analytics import SubscriberError, subscriber
from workers.analytics.main import Plan
from workers.analytics.plugin_loader import load, start_of
from workers.analytics.subscribers import EVENT_TYPES

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


async def on_words(event: TranscriptFinal) -> None:
    del event


def test_a_function_becomes_a_subscriber_named_after_it() -> None:
    made = subscriber("transcript.final")(on_words)
    assert (made.name, made.types, made.kinds) == (
        "on_words",
        frozenset({"transcript.final"}),
        ("heard",),
    )


def test_events_are_named_by_tag_or_by_type() -> None:
    assert subscriber(TranscriptFinal, "turn.measured")(on_words).kinds == ("heard", "out")
    assert subscriber(TurnMeasured)(on_words).types == {"turn.measured"}
    assert subscriber("*")(on_words).types == set(EVENT_TYPES)


def test_an_unknown_event_is_refused_with_a_suggestion() -> None:
    with pytest.raises(SubscriberError, match=r"did you mean 'transcript\.final'"):
        subscriber("transcript.finale")
    with pytest.raises(SubscriberError, match="name the events"):
        subscriber()


def test_a_plain_function_is_refused() -> None:
    with pytest.raises(SubscriberError, match="async def"):
        subscriber("turn.measured")(lambda event: event)


def test_an_invalid_name_of_a_group_is_refused() -> None:
    with pytest.raises(SubscriberError, match="name"):
        subscriber("turn.measured", name="on words")(on_words)
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"tries": 12}, "tries"),
        ({"batch": 5000}, "batch"),
        ({"x": 1}, "'x'"),
    ]
    for options, said in wrong:
        with pytest.raises(SubscriberError, match=said):
            subscriber("turn.measured", **options)(on_words)
    measured_turns = subscriber("turn.measured")(on_words)
    with pytest.raises(SubscriberError, match="--group"):
        Plan([measured_turns], "my.group", start_of("now", NOW))
    with pytest.raises(SubscriberError, match="two subscribers"):
        Plan([measured_turns, measured_turns], "mine", start_of("now", NOW))


@pytest.mark.parametrize("name", ["metrics", "warehouse", "webhook", "shadow:llm"])
def test_shipped_subscribers_ignore_replays(name: str) -> None:
    settings = settings_of(
        webhook_url="http://127.0.0.1:1",
        webhook_secret="whsec_" + "A" * 32,
        llm_engine="simulated",
        _env_file=None,
    )
    found = load(f"workers.analytics.{name}", settings)
    assert found
    assert all(each_subscriber.calls_only for each_subscriber in found)
