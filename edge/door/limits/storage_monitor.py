"""Watches whether the bus stores messages: with a full disk it does everything else."""

import asyncio

import structlog

from runtime.bus.connection import Bus
from runtime.bus.errors import BusError
from schemas import subjects

log = structlog.get_logger(__name__)

STORAGE_CHECK_INTERVAL_S = 5.0
LIVES_S = 30
BYTES = 4096
"""The size of a test message: a whole block of a disk, since less may fit into a begun block."""


class StorageMonitor:
    """Stores a test message now and then, in the bucket of session keys, where it soon expires."""

    def __init__(self, bus: Bus, edge: str) -> None:
        self.stores = True
        self._bus = bus
        self._subject = f"{subjects.SEATS}.disk.{edge}"

    async def watch(self) -> None:
        """Check every STORAGE_CHECK_INTERVAL_S until cancelled."""
        while True:
            await self.check()
            await asyncio.sleep(STORAGE_CHECK_INTERVAL_S)

    async def check(self) -> None:
        """Note whether the bus stores messages, and log a change."""
        if not self._bus.connected:
            return  # another failure, which is reported elsewhere
        stores = await self._stored() or not self._bus.connected
        if stores != self.stores:
            self.stores = stores
            log.info("bus_stores_again") if stores else log.error("bus_stores_nothing")

    async def _stored(self) -> bool:
        """Store a test message; return whether it was stored within the bus's patience."""
        try:
            await self._bus.publish_raw(self._subject, bytes(BYTES), {"Nats-TTL": f"{LIVES_S}s"})
        except BusError:
            return False
        return True
