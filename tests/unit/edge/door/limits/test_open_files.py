"""Whether connections lately found no file descriptor."""

from __future__ import annotations

import structlog.testing

from edge.door.limits.open_files import LOG_EVERY_S, SHORT_FOR_S, OpenFiles


class Clock:
    now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


def test_a_lack_is_told_for_a_while_and_logged_now_and_then() -> None:
    clock = Clock()
    files = OpenFiles(clock)
    assert not files.short
    with structlog.testing.capture_logs() as logged:
        for _ in range(5):
            files.lack("EMFILE")
        assert files.short
        clock.now_s += SHORT_FOR_S
        assert not files.short
        clock.now_s += LOG_EVERY_S
        files.lack("EMFILE")
    assert [one["times"] for one in logged] == [1, 5]
