"""What a stage is to the worker loop, and the job it is handed."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import Any, Protocol

from runtime.bus.connection import Bus, Stored
from schemas.events import AnyEvent, StageName


class EngineHungError(Exception):
    """The engine's thread does not come back: this process is of no more use."""


class StaleJobError(Exception):
    """The job waited so long for a worker that what it is about is gone."""


@dataclass(frozen=True)
class Task:
    """One job as a stage sees it: the event, the bus, and the time on the edge's clock."""

    event: AnyEvent
    seq: int
    """The event's sequence in the stream."""
    attempt: int
    bus: Bus
    trace: str
    started_s: float
    """Monotonic."""
    waited_s: float = 0.0
    """From its storing to its taking, by the clocks of server and worker."""
    fresh: bool = False
    """It was stored a moment ago and nobody had it before: nothing can have come of it yet."""
    newest: asyncio.Future[Stored | None] | None = None
    """Of the answers of its session, soon after the job was taken: what it has to go on after."""

    def took_ms(self) -> float:
        """Return the time since the job was taken."""
        return round((time.monotonic() - self.started_s) * 1000, 1)

    def now_ms(self) -> int:
        """Return the time of the session's edge, Unix ms: the job's own plus what we took."""
        return self.event.at_ms + int(self.took_ms())

    def stamp(self, **fields: Any) -> dict[str, Any]:
        """Return *fields* with what every event of this job says."""
        whose = {"tenant": self.event.tenant, "session": self.event.session}
        return {**whose, "at_ms": self.now_ms(), **fields}


class Stage(Protocol):
    """A function of the event it is handed; keeps nothing between jobs."""

    name: StageName
    model: str
    """What it says of itself in events and to operators."""

    @property
    def wait_ms(self) -> int:
        """How long urgent work has waited for an engine, though its job has a slot."""

    async def warm(self) -> None:
        """Load the model and run it once.

        Raises:
            EngineError: it cannot; the message names the way out.
        """

    def is_job(self, event: AnyEvent) -> bool:
        """Tell whether *event* is work; the rest of its subject is acknowledged unread."""

    async def run(self, task: Task) -> None:
        """Do the job and publish what comes of it.

        Raises:
            EngineRefusedError: no retry will help.
            Exception: anything else is retried by whoever is free.
        """
