"""What a stage is to the worker loop, and the job it is handed."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from runtime.bus.connection import Bus
from schemas.events import Head, StageName
from schemas.stages import JobEvent
from workers.turn_watch import TurnWatch

J = TypeVar("J", bound=JobEvent)

FRESH_S = 0.25
"""A job that waited no longer since it was stored begins at once; later it may be unwanted."""


class EngineHungError(Exception):
    """The engine's thread does not come back: this process is of no more use."""


class StaleJobError(Exception):
    """The job waited so long for a worker that what it is about is gone."""


@dataclass(frozen=True)
class JobPlace:
    """The part of its session that a job is about."""

    utterance: int = 0
    turn: int | None = None
    """The job is of no use any more once the edge cancels the response to this turn; None: it
    belongs to none."""
    index: int = 0
    """Of a sentence in its response."""


@dataclass(frozen=True)
class JobContext(Generic[J]):
    """One job as a stage sees it: the event, the bus, and the time on the edge's clock."""

    event: J
    seq: int
    """The event's sequence in the stream."""
    attempt: int
    bus: Bus
    started_s: float
    """Monotonic."""
    waited_s: float = 0.0
    """From its storing to its taking, by the clocks of server and worker."""
    watch: TurnWatch | None = None
    """Over the job's turn, where it belongs to one."""

    @property
    def is_fresh(self) -> bool:
        """Whether it was stored a moment ago and nobody had it before: nothing came of it yet."""
        return self.attempt == 1 and self.waited_s < FRESH_S

    def took_ms(self) -> float:
        """Return the time since the job was taken."""
        return round((time.monotonic() - self.started_s) * 1000, 1)

    def head(self) -> Head:
        """Return what every event of this job says.

        Its time is that of the session's edge, Unix ms: the job's own plus what we took.
        """
        event = self.event
        return Head(
            tenant=event.tenant, session=event.session, at_ms=event.at_ms + int(self.took_ms())
        )


class Stage(Protocol[J]):
    """A function of the job it is handed; keeps nothing between jobs."""

    name: StageName
    model: str
    """What it says of itself in events and to operators."""
    job_type: type[J]

    @property
    def wait_ms(self) -> int:
        """How long urgent work has waited for an engine, though its job has a slot."""

    async def warm(self) -> None:
        """Load the model and run it once.

        Raises:
            EngineError: it cannot; the message names the way out.
        """

    def place(self, event: J) -> JobPlace:
        """Return the part of its session that the job *event* is about."""

    async def run(self, job: JobContext[J]) -> None:
        """Do the job and publish what comes of it.

        Raises:
            EngineRefusedError: no retry will help.
            Exception: anything else is retried by whoever is free.
        """
