"""A full disk is said once, and so is room."""

from __future__ import annotations

from deploy.disk import FULL_BYTES, ROOM_BYTES, Disk


def test_each_change_is_news_once() -> None:
    disk = Disk()
    seen = [
        disk.seen(free) for free in (10**9, FULL_BYTES - 1, 0, FULL_BYTES + 1, ROOM_BYTES, 10**9)
    ]
    assert seen == [None, "full", None, None, "room", None]
