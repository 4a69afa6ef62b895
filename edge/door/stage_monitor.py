"""What the edge sees of the stages over the bus, asked for now and then and remembered."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import Any

import structlog

from edge.door.admission_control import AdmissionControl, StageLoad
from runtime.bus.connection import Bus
from runtime.bus.consumer_lag import Queue, queues
from runtime.bus.discovery import Service, discover
from runtime.bus.errors import BusAwayError
from schemas import stages

log = structlog.get_logger(__name__)

INTERVAL_S = 1.0
WAIT_S = 0.25
FORGET_AFTER = 4
"""Rounds in which a worker may be silent (paused, swapped out) before it counts as gone."""


class StageMonitor:
    """Which stages have a worker that is ready, and whether they keep up."""

    def __init__(self, bus: Bus, overload: AdmissionControl) -> None:
        self._bus = bus
        self._overload = overload
        self._was_full = ""
        self._unseen = {str(name): FORGET_AFTER for name in stages.STAGE_NAMES}

    async def watch(self) -> None:
        """Look around until cancelled."""
        while True:
            await self.look()
            await asyncio.sleep(INTERVAL_S)

    async def look(self) -> None:
        found = await discover(self._bus, wait_s=WAIT_S)
        roles = {one.role for one in found}
        for stage, unseen in self._unseen.items():
            self._unseen[stage] = 0 if stage in roles else unseen + 1
        try:
            waiting = await queues(self._bus)
        except BusAwayError:
            return  # nothing is known: whoever comes is told by the call itself
        self._overload.look(loads_of(found, waiting), time.monotonic())
        if (full := self.full()) != self._was_full:
            self._was_full = full
            log.warning("new_calls_refused", stage=full) if full else log.info("new_calls_welcome")

    def full(self) -> str:
        """Return the stage that cannot keep up, empty where new calls are welcome."""
        return self._overload.full(time.monotonic())

    @property
    def retry_after_s(self) -> int:
        """When a refused caller may try again."""
        return max(1, round(self._overload.calm_s))

    def there(self, stage: str) -> bool:
        return self._bus.connected and self._unseen[stage] < FORGET_AFTER

    def health(self, active_connections: int) -> tuple[int, dict[str, Any]]:
        """Return the HTTP status and the documented body of `/health`."""
        services = {
            "ai_service": self.there("llm"),
            "audio_processor": self.there("stt"),
            "audio_pipeline": all(self.there(stage) for stage in self._unseen),
        }
        healthy = all(services.values())
        body = {
            "status": "healthy" if healthy else "unhealthy",
            "services": services,
            "active_connections": active_connections,
        }
        return (200 if healthy else 503), body


def loads_of(found: Sequence[Service], waiting: Sequence[Queue]) -> dict[str, StageLoad]:
    """Return each stage's load from what its workers and its consumer told."""
    loads = {}
    for queue in waiting:
        told = [one.said for one in found if one.role == queue.stage]
        loads[queue.stage] = StageLoad(
            slots=sum(_number(said, "slots") for said in told),
            in_flight=sum(_number(said, "in_flight") for said in told),
            oldest_ms=queue.oldest_ms,
            engine_wait_ms=min((_number(said, "wait_ms") for said in told), default=0),
        )
    return loads


def _number(said: dict[str, Any], name: str) -> int:
    """Return what a worker, perhaps one in another language, said; 0 where it said nothing."""
    value = said.get(name)
    return int(value) if isinstance(value, int | float) else 0
