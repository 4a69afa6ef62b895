"""Whether the stages keep up; pure: what was seen comes in with its time, a verdict comes out.

    welcome --a job waits too long and no worker has room--> full
    full    --no such job for calm_s--> welcome

A caller who is refused can try again; one who waits in silence for an answer that comes too late
has been let down. So new calls are refused at the first sign, and running ones never.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class StageLoad:
    """One stage at one moment, all its workers together."""

    slots: int = 0
    in_flight: int = 0
    oldest_ms: int = 0
    """How long the oldest job has waited for a worker."""
    engine_wait_ms: int = 0
    """How long urgent work has waited for an engine inside the least busy worker."""

    def behind(self, wait_ms: int) -> bool:
        """Tell whether work waits *wait_ms* for lack of room.

        Jobs that wait while there is room, or no worker at all, are a fault and no overload: the
        bus elects a leader, a worker is being replaced. That passes, or `/health` tells it.
        """
        if self.slots == 0:
            return False
        no_room = self.in_flight >= self.slots
        return self.engine_wait_ms >= wait_ms or (no_room and self.oldest_ms >= wait_ms)


class AdmissionControl:
    """Remembers when a stage was last behind."""

    def __init__(self, wait_ms: int, calm_s: float) -> None:
        """Take a wait of *wait_ms* for too long (0: never), and *calm_s* without one for calm."""
        self._wait_ms = wait_ms
        self.calm_s = calm_s
        self._behind_at: dict[str, float] = {}

    def look(self, loads: Mapping[str, StageLoad], now_s: float) -> None:
        for stage, load in loads.items():
            if self._wait_ms and load.behind(self._wait_ms):
                self._behind_at[stage] = now_s

    def full(self, now_s: float) -> str:
        """Return the stage that new calls would have to wait for, empty where they are welcome."""
        late = [name for name, at in self._behind_at.items() if now_s - at < self.calm_s]
        return late[0] if late else ""
