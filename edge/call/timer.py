"""The timer of a call: rings at the earliest time that the call has asked for."""

from collections.abc import Callable
from functools import partial
from typing import Protocol

from edge.core.call import NEVER_MS


class Handle(Protocol):
    """A scheduled ring, such as an `asyncio.TimerHandle`."""

    def cancel(self) -> None: ...


class Timer:
    """Rings once at the earliest time that it was set to."""

    def __init__(
        self,
        *,
        now_ms: Callable[[], int],
        call_later: Callable[[float, Callable[[], None]], Handle],
    ) -> None:
        """*now_ms* is the clock; *call_later* calls a function after some seconds."""
        self._now_ms = now_ms
        self._call_later = call_later
        self._handle: Handle | None = None
        self.rings_ms = NEVER_MS
        """Unix time, ms, of the next ring."""

    def set(self, at_ms: int, now_ms: int, ring: Callable[[], None]) -> None:
        """Call *ring* at *at_ms*, which is earlier than the ring set before."""
        self.stop()
        self.rings_ms = at_ms
        delay_s = max(0.0, (at_ms - now_ms) / 1000)
        self._handle = self._call_later(delay_s, partial(self._wake, ring))

    def stop(self) -> None:
        if self._handle:
            self._handle.cancel()
        self._handle, self.rings_ms = None, NEVER_MS

    def _wake(self, ring: Callable[[], None]) -> None:
        at_ms, now_ms = self.rings_ms, self._now_ms()
        self.stop()
        if now_ms < at_ms:  # the loop's clock may be slightly ahead
            self.set(at_ms, now_ms, ring)
        else:
            ring()
