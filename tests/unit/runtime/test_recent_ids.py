"""At least once becomes once, as far back as it is remembered."""

from __future__ import annotations

from runtime.recent_ids import RecentIds


def test_an_id_is_new_once() -> None:
    seen = RecentIds()
    assert [seen.is_duplicate(event_id) for event_id in "abab"] == [False, False, True, True]


def test_old_ids_are_forgotten() -> None:
    seen = RecentIds(limit=2)
    assert [seen.is_duplicate(event_id) for event_id in "abca"] == [False, False, False, False]
