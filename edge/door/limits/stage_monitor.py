"""The state of the stages as an edge sees it over the bus, updated every second."""

import asyncio
import time
from collections.abc import Sequence
from typing import Any

import structlog

from edge.door.limits.admission_control import AdmissionControl, StageLoad
from edge.door.limits.job_slots import JobSlots
from runtime.bus.connection import Bus
from runtime.bus.consumer_lag import Queue, queues
from runtime.bus.discovery import Service, discover
from runtime.bus.errors import BusAwayError
from schemas import stages

log = structlog.get_logger(__name__)

STAGES_CHECK_INTERVAL_S = 1.0
STAGES_DISCOVERY_S = 0.25
GONE_ROUNDS = 4
"""Rounds of silence after which a worker counts as gone; a paused one misses a few."""


class StageMonitor:
    """Knows which stages have a worker, and whether they keep up."""

    def __init__(self, bus: Bus, admission: AdmissionControl) -> None:
        self._bus = bus
        self._admission = admission
        self.job_slots = JobSlots()
        """Of this edge's jobs."""
        self._was_full = ""
        self._unseen = {str(stage.name): GONE_ROUNDS for stage in stages.STAGES if stage.is_needed}

    async def watch(self) -> None:
        """Check every second until cancelled."""
        while True:
            await self.check()
            await asyncio.sleep(STAGES_CHECK_INTERVAL_S)

    async def check(self) -> None:
        try:
            found = await discover(self._bus, wait_s=STAGES_DISCOVERY_S)
        except BusAwayError:
            found = []  # no stage can be reached
        roles = {service.role for service in found}
        for stage, unseen in self._unseen.items():
            self._unseen[stage] = 0 if stage in roles else unseen + 1
        try:
            waiting = await queues(self._bus)
        except BusAwayError:
            return  # nothing is known: a call tells its caller itself
        loads = loads_of(found, waiting)
        now_s = time.monotonic()
        self._admission.update(loads, now_s, self.job_slots.for_strangers())
        edges = sum(service.role == "edge" for service in found)
        strained = any(self._admission.is_strained(load) for load in loads.values())
        slots = {name: load.slots for name, load in loads.items()}
        jobs = {queue.stage: queue.waiting + queue.in_flight for queue in waiting}
        self.job_slots.update(slots, jobs, edges, now_s, strained=strained)
        if (full := self.full()) != self._was_full:
            self._was_full = full
            log.warning("new_calls_refused", stage=full) if full else log.info("new_calls_welcome")

    def full(self) -> str:
        """Return the stage that cannot keep up; empty: new calls are welcome."""
        return self._admission.full(time.monotonic())

    def strained(self) -> str:
        """Return the stage that begins to fall behind; empty: all keep up."""
        return self._admission.strained(time.monotonic())

    @property
    def retry_after_s(self) -> int:
        """Seconds until a refused caller may try again."""
        return max(1, round(self._admission.calm_s))

    def there(self, stage: str) -> bool:
        return self._bus.connected and self._unseen[stage] < GONE_ROUNDS

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
    """Return the load of each stage, from its workers' descriptions and its queue."""
    loads = {}
    for queue in waiting:
        workers = [service.status for service in found if service.role == queue.stage]
        loads[queue.stage] = StageLoad(
            slots=sum(worker.slots or 0 for worker in workers),
            in_flight=sum(worker.in_flight or 0 for worker in workers),
            oldest_ms=queue.oldest_ms,
            engine_wait_ms=min((int(worker.wait_ms or 0) for worker in workers), default=0),
        )
    return loads
