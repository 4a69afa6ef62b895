"""The module of a subscriber is found, and its group has a name and a beginning."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from runtime.settings import load as settings_of
from workers.analytics import Subscriber, SubscriberError
from workers.analytics.plugin_loader import group_of, load, start_of

SETTINGS = settings_of(_env_file=None)

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


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


@pytest.mark.parametrize("text", ["yesterday", "1000000d", "9" * 30 + "s"])
def test_any_other_beginning_is_explained(text: str) -> None:
    with pytest.raises(SubscriberError, match="how long ago"):
        start_of(text, NOW)


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
    assert [subscriber.name for subscriber in load("of_mine", SETTINGS)] == ["one", "two"]
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
