"""The event loop of unit tests: its time passes only while it waits, and then at once."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import Executor
from typing import Any, TypeVar, TypeVarTuple, cast

MOST_READINGS = 100_000
"""The most readings of the clock between two waits of the event loop."""
T = TypeVar("T")
Ts = TypeVarTuple("Ts")


class SimulatedTime(asyncio.SelectorEventLoop):
    """A loop that waits for no time, unless a thread works for it meanwhile."""

    def __init__(self) -> None:
        super().__init__()
        self._now_s = 0.0
        self._readings = 0
        self._in_threads = 0
        """The functions that run in threads."""
        selector: Any = cast("Any", self)._selector
        self._select = selector.select
        selector.select = self._wait

    def time(self) -> float:
        self._readings += 1
        if self._readings > MOST_READINGS:
            raise AssertionError("a task reads the clock without end and waits for nothing")
        return self._now_s

    def run_in_executor(
        self, executor: Executor | None, func: Callable[[*Ts], T], *args: *Ts
    ) -> asyncio.Future[T]:
        self._in_threads += 1
        future = super().run_in_executor(executor, func, *args)
        future.add_done_callback(self._note_returned)
        return future

    def _note_returned(self, _: object) -> None:
        self._in_threads -= 1

    def _wait(self, timeout_s: float | None) -> Any:
        self._readings = 0
        if not timeout_s or not self._in_threads:
            self._now_s += timeout_s or 0.0
            return self._select(None if timeout_s is None else 0)
        began_s = time.monotonic()
        found = self._select(timeout_s)
        self._now_s += time.monotonic() - began_s if found else timeout_s
        return found
