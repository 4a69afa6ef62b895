"""What may be declared, and what is said about what may not."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from runtime.settings import load as settings_of
from schemas.events import TranscriptFinal, TurnMeasured
from workers.analytics import Subscriber, SubscriberError, subscriber
from workers.analytics.main import Plan
from workers.analytics.plugin_loader import group_of, load, start_of
from workers.analytics.subscribers import TYPES

SETTINGS = settings_of(_env_file=None)
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
    assert subscriber("*")(on_words).types == set(TYPES)


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
    one = subscriber("turn.measured")(on_words)
    with pytest.raises(SubscriberError, match="--group"):
        Plan([one], "my.group", start_of("now", NOW))
    with pytest.raises(SubscriberError, match="two subscribers"):
        Plan([one, one], "mine", start_of("now", NOW))


@pytest.mark.parametrize(
    ("text", "policy", "at"),
    [
        ("now", "new", None),
        ("beginning", "all", None),
        ("2h", "by_start_time", datetime(2026, 11, 21, 10, tzinfo=UTC)),
        ("2026-11-20T08:00", "by_start_time", datetime(2026, 11, 20, 8, tzinfo=UTC)),
        ("2026-11-20T08:00+02:00", "by_start_time", datetime(2026, 11, 20, 6, tzinfo=UTC)),
    ],
)
def test_a_group_begins_now_at_the_beginning_or_at_a_time(
    text: str, policy: str, at: datetime | None
) -> None:
    start = start_of(text, NOW)
    assert (start.policy, start.at) == (policy, at)


def test_any_other_beginning_is_explained() -> None:
    with pytest.raises(SubscriberError, match="how long ago"):
        start_of("yesterday", NOW)


def test_a_module_is_found_where_the_command_is_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "of_mine.py").write_text(
        "from workers.analytics import subscriber\n"
        "@subscriber('turn.measured')\n"
        "async def one(event): ...\n"
        "@subscriber('turn.measured')\n"
        "async def two(event): ...\n"
        "number = 7\n",
        encoding="utf-8",
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    assert [one.name for one in load("of_mine", SETTINGS)] == ["one", "two"]
    (two,) = load("of_mine:two", SETTINGS)
    assert isinstance(two, Subscriber)
    for name, said in (
        ("of_nobody", "no module"),
        ("of_mine:three", "has no 'three'"),
        ("of_mine:number", "no subscriber"),
    ):
        with pytest.raises(SubscriberError, match=said):
            load(name, SETTINGS)


def test_a_group_is_called_after_its_module() -> None:
    assert group_of("acme.crm:on_words") == "acme_crm"


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
    assert all(one.calls_only for one in found)
