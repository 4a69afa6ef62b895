"""An audit of the bus: publishes events one by one and counts acknowledged ones that are lost."""

import asyncio
import time
from dataclasses import dataclass, field

from runtime.bus.connection import Bus
from runtime.bus.errors import BusAwayError
from schemas import subjects
from schemas.events import TroubleTold


@dataclass
class AckAudit:
    """Publishes events one by one and keeps which were acknowledged, and the time of each."""

    bus: Bus
    stored: list[int] = field(default_factory=list)
    waits_s: list[float] = field(default_factory=list)

    async def write(self) -> None:
        for number in range(1_000_000):
            event = TroubleTold(
                tenant="t", session="audit", at_ms=number, stage="audio", reason="a test"
            )
            before = time.monotonic()
            try:
                self.stored.append(await self.bus.publish(event, timeout_s=20))
            except BusAwayError:
                continue
            finally:
                self.waits_s.append(time.monotonic() - before)
            await asyncio.sleep(0.01)

    @property
    def longest_wait_s(self) -> float:
        """Time of the slowest event, acknowledged or not."""
        return max(self.waits_s)

    async def missing(self) -> int:
        """Return the number of acknowledged events that are missing.

        A replica may be behind, so missing events are looked up again.
        """
        subject, stored = subjects.session_events("t", "audit"), set(self.stored)
        for _ in range(10):
            in_log = {
                message.seq for message in await self.bus.read(subjects.EVENTS_STREAM, subject)
            }
            if not (stored := stored - in_log):
                break
            await asyncio.sleep(0.5)
        return len(stored)
