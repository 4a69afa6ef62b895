"""What the edge sees of the stages over the bus, asked for now and then and remembered."""

from __future__ import annotations

import asyncio
from typing import Any

from aura.bus.connection import Bus
from aura.bus.services import discover

INTERVAL_S = 2.0
WAIT_S = 0.25
FORGET_AFTER = 2
"""Rounds in which a worker may be silent (paused, swapped out) before it counts as gone."""


class Stages:
    """Which stages have a worker that is ready."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._unseen = {"stt": FORGET_AFTER, "llm": FORGET_AFTER, "tts": FORGET_AFTER}

    async def watch(self) -> None:
        """Look around until cancelled."""
        while True:
            await self.look()
            await asyncio.sleep(INTERVAL_S)

    async def look(self) -> None:
        roles = {one.role for one in await discover(self._bus, wait_s=WAIT_S)}
        for stage, unseen in self._unseen.items():
            self._unseen[stage] = 0 if stage in roles else unseen + 1

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
