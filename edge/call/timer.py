"""A timer that wakes a call up when it wants that, however often it changes its mind."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from edge.call.clock import now_ms


class Alarm:
    """Rings when it is due; one that was set too early finds that out itself."""

    def __init__(self, due_ms: Callable[[], int | None], ring: Callable[[], None]) -> None:
        """Take *due_ms*, which tells when to ring, Unix ms, None: never; and *ring*."""
        self._due_ms = due_ms
        self._ring = ring
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._timer_ms = 0
        """When the timer wakes us, Unix ms."""

    def set(self) -> None:
        """See that it rings in time; to be called whenever it may be due earlier."""
        due_ms = self._due_ms()
        if due_ms is None:
            return
        if self._timer:
            if self._timer_ms <= due_ms:
                return
            self._timer.cancel()
        self._timer_ms = due_ms
        delay_s = max(0.0, (due_ms - now_ms()) / 1000)
        self._timer = self._loop.call_later(delay_s, self._wake)

    def stop(self) -> None:
        if self._timer:
            self._timer.cancel()

    def _wake(self) -> None:
        self._timer = None
        due_ms = self._due_ms()
        if due_ms is not None and now_ms() >= due_ms:
            self._ring()
        else:
            self.set()
