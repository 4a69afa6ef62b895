"""Whether the bus still stores what it is told: a disk that is full answers nothing else."""

import asyncio

import structlog

from runtime.bus.connection import Bus
from runtime.bus.errors import BusAwayError
from schemas import subjects

log = structlog.get_logger(__name__)

INTERVAL_S = 5.0
LIVES_S = 30
BYTES = 4096
"""The size of the stored block: a whole block of a disk, for less may fit into one begun."""


class StorageMonitor:
    """Stores a block now and then beside the seats, where it is soon gone again."""

    def __init__(self, bus: Bus, edge: str) -> None:
        self.stores = True
        self._bus = bus
        self._subject = f"{subjects.SEATS}.disk.{edge}"

    async def watch(self) -> None:
        """Check every INTERVAL_S until cancelled."""
        while True:
            await self.check()
            await asyncio.sleep(INTERVAL_S)

    async def check(self) -> None:
        """Find out, in less than a second or, where nothing is stored, PATIENCE_S."""
        if not self._bus.connected:
            return  # that is another trouble, and told elsewhere
        try:
            head = {"Nats-TTL": f"{LIVES_S}s"}
            await self._bus.publish_raw(self._subject, bytes(BYTES), head)
            stores = True
        except BusAwayError:
            stores = not self._bus.connected
        if stores != self.stores:
            self.stores = stores
            log.info("bus_stores_again") if stores else log.error("bus_stores_nothing")
