"""Refuses new calls while a stage cannot keep up; running calls go on. Pure.

A stage is full while a job has waited for too long within the last `calm_s` and no worker had a
free slot. It is strained while a job has waited a third as long within that time. Only the times of
the latest such jobs are kept.

While a stage is strained, audio that is ahead of live speech waits, and its addresses get no new
calls. The first late job counts, since a refused caller can try again, and a caller in a call
that is late cannot. A stage that works mostly for strangers is strained but never full: strangers
get fewer slots, and engines serve other callers first.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from runtime.settings import Settings

STRAINED_SHARE = 1 / 3
"""The wait at which a stage is strained, as a share of the wait at which calls are refused."""


@dataclass(frozen=True)
class StageLoad:
    """The load of all workers of a stage at one moment."""

    slots: int = 0
    in_flight: int = 0
    oldest_ms: int = 0
    """Wait of the oldest job for a worker."""
    engine_wait_ms: int = 0
    """Wait of urgent work for an engine in the least busy worker."""

    def behind(self, wait_ms: float) -> bool:
        """Tell whether work has waited *wait_ms* for lack of a free slot.

        Jobs that wait although a slot is free, or without any worker, show a fault and no overload,
        such as an election on the bus or the replacement of a worker. It passes, or `/health`
        tells it.
        """
        if self.slots == 0:
            return False
        no_slot = self.in_flight >= self.slots
        return self.engine_wait_ms >= wait_ms or (no_slot and self.oldest_ms >= wait_ms)


class AdmissionControl:
    """Remembers when each stage was last behind."""

    def __init__(self, wait_ms: int, calm_s: float) -> None:
        """Refuse calls from a wait of *wait_ms* on (0: never), until *calm_s* without one."""
        self._wait_ms = wait_ms
        self.calm_s = calm_s
        self._behind_s: dict[str, float] = {}
        self._strained_s: dict[str, float] = {}

    @classmethod
    def of(cls, settings: Settings) -> AdmissionControl:
        return cls(settings.overload_wait_ms, settings.overload_calm_s)

    def update(
        self, loads: Mapping[str, StageLoad], now_s: float, for_strangers: Collection[str] = ()
    ) -> None:
        """Note *loads* by stage; *for_strangers* are the stages that work for strangers mostly."""
        for stage, load in loads.items():
            if self._wait_ms and load.behind(self._wait_ms) and stage not in for_strangers:
                self._behind_s[stage] = now_s
            if self.is_strained(load):
                self._strained_s[stage] = now_s

    def is_strained(self, load: StageLoad) -> bool:
        """Tell whether a stage with *load* begins to fall behind."""
        return bool(self._wait_ms) and load.behind(self._wait_ms * STRAINED_SHARE)

    def full(self, now_s: float) -> str:
        """Return the stage that cannot keep up; empty: new calls are welcome."""
        return self._since(self._behind_s, now_s)

    def strained(self, now_s: float) -> str:
        """Return the stage that begins to fall behind; empty: all keep up."""
        return self._since(self._strained_s, now_s)

    def _since(self, seen_s: Mapping[str, float], now_s: float) -> str:
        late = [name for name, at_s in seen_s.items() if now_s - at_s < self.calm_s]
        return late[0] if late else ""
