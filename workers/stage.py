"""The stage as the worker loop sees it, and the job as the stage sees it."""

import time
from dataclasses import dataclass
from typing import Generic, Protocol, TypeGuard, TypeVar

from runtime.bus.connection import Bus
from schemas.events import AnyEvent, Head, StageName
from schemas.stages import JobEvent
from workers.turn_watch import TurnWatch

J = TypeVar("J", bound=JobEvent)

FRESH_S = 0.25
"""Age up to which a job begins before its cancellation is looked up."""
LOOK_AFTER_S = 0.01
"""Delay of a fresh job's look-up, so that the engine starts first."""


class EngineHungError(Exception):
    """The engine's thread does not return: this process must be replaced."""


class StaleJobError(Exception):
    """The job waited so long for a worker that its data are gone."""


@dataclass(frozen=True)
class JobTarget:
    """The part of its session that a job is about."""

    utterance: int = 0
    turn: int | None = None
    """The turn whose cancellation ends the job; None: no turn."""
    index: int = 0
    """The sentence of the response, from 0."""


@dataclass(frozen=True)
class JobContext(Generic[J]):
    """A job as its stage sees it: the event, the bus, and the time on the edge's clock."""

    event: J
    seq: int
    """Sequence of the event in the stream."""
    attempt: int
    bus: Bus
    started_s: float
    """Monotonic seconds."""
    waited_s: float = 0.0
    """Time from storing to taking the job, by the clocks of server and worker."""
    watch: TurnWatch | None = None
    """Watches the job's turn, if it has one."""

    @property
    def is_fresh(self) -> bool:
        """True on the first attempt within 0.25 s of storing."""
        return self.attempt == 1 and self.waited_s < FRESH_S

    @property
    def look_after_s(self) -> float:
        """The delay of the cancellation's look-up."""
        return LOOK_AFTER_S if self.is_fresh else 0.0

    def took_ms(self) -> float:
        """Return the time since the job was taken."""
        return round((time.monotonic() - self.started_s) * 1000, 1)

    def head(self) -> Head:
        """Return the head of this job's events: their time is that of the job plus `took_ms`."""
        event = self.event
        return Head(
            tenant=event.tenant, session=event.session, at_ms=event.at_ms + int(self.took_ms())
        )


def is_job_of(event: AnyEvent, stage: StageName, job_type: type[J]) -> TypeGuard[J]:
    """Tell whether *event* is a job of *stage*: of its type, and not answered from a record."""
    return isinstance(event, job_type) and stage not in event.recorded


class Stage(Protocol[J]):
    """A function of its job; it keeps nothing between jobs."""

    name: StageName
    model: str
    """Its name in events and for operators."""
    job_type: type[J]

    @property
    def wait_ms(self) -> int:
        """Wait of urgent work for an engine, although its job has a slot."""

    async def warm(self) -> None:
        """Load the model and run it once.

        Raises:
            EngineError: the model cannot run; the message names the way out.
        """

    def target(self, event: J) -> JobTarget:
        """Return the part of its session that the job *event* is about."""

    async def run(self, job: JobContext[J]) -> None:
        """Do the job and publish its results.

        Raises:
            EngineRefusedError: no retry will help.
            Exception: any other is retried, by any worker.
        """
