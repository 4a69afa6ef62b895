"""A timer that gives a call its time when the call wants it, however often that changes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol


class Handle(Protocol):
    """A timer that was set, such as an `asyncio.TimerHandle`."""

    def cancel(self) -> None: ...


class Timer:
    """Rings when it is due; one that was set too early finds that out itself."""

    def __init__(
        self,
        due_ms: Callable[[int], int | None],
        ring: Callable[[], None],
        *,
        now_ms: Callable[[], int],
        call_later: Callable[[float, Callable[[], None]], Handle],
    ) -> None:
        """Ask *due_ms* at the time *now_ms* when to *ring*: Unix ms; None: never.

        *call_later* has a function called so many seconds later.
        """
        self._due_ms = due_ms
        self._ring = ring
        self._now_ms = now_ms
        self._call_later = call_later
        self._timer: Handle | None = None
        self._timer_ms = 0
        """When the timer wakes us, Unix ms."""

    def set(self) -> None:
        """See that it rings in time; to be called whenever it may be due earlier."""
        now_ms = self._now_ms()
        due_ms = self._due_ms(now_ms)
        if due_ms is None:
            return
        if self._timer:
            if self._timer_ms <= due_ms:
                return
            self._timer.cancel()
        self._timer_ms = due_ms
        self._timer = self._call_later(max(0.0, (due_ms - now_ms) / 1000), self._wake)

    def stop(self) -> None:
        if self._timer:
            self._timer.cancel()

    def _wake(self) -> None:
        self._timer = None
        now_ms = self._now_ms()
        due_ms = self._due_ms(now_ms)
        if due_ms is not None and now_ms >= due_ms:
            self._ring()
        else:
            self.set()
