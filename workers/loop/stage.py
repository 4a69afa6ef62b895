"""The interface of stages to the worker loop, and of jobs to the stage."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, Protocol, TypeGuard, TypeVar

from runtime.bus.connection import Bus
from schemas.events import AnyEvent, Head, StageName
from schemas.stages import JobEvent
from workers.loop.job_target import JobTarget
from workers.loop.turn_watch import TurnWatch

J = TypeVar("J", bound=JobEvent)

FRESH_JOB_S = 0.25
"""The age up to which a job begins before the log is read for a cancellation."""
WATCH_DELAY_S = 0.01
"""The delay of a fresh job's `TurnWatch`, so that the engine starts first."""


@dataclass(frozen=True)
class JobContext(Generic[J]):
    """A job for its stage: the event, the bus, and the time on the edge's clock."""

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
    clock: Callable[[], float] = time.monotonic
    """The clock of `started_s`."""
    traceparent: str = ""
    """The job's trace, for requests to other servers; empty: it has none."""

    @property
    def is_fresh(self) -> bool:
        """Return whether this is the first delivery, within 0.25 s of storing."""
        return self.attempt == 1 and self.waited_s < FRESH_JOB_S

    @property
    def watch_delay_s(self) -> float:
        """Return the delay after which `watch` begins."""
        return WATCH_DELAY_S if self.is_fresh else 0.0

    def took_ms(self) -> float:
        """Return the time since the job was taken."""
        return round((self.clock() - self.started_s) * 1000, 1)

    def head(self) -> Head:
        """Return the head of this job's events; their time is the job's plus `took_ms`."""
        event = self.event
        return Head(
            tenant=event.tenant, session=event.session, at_ms=event.at_ms + int(self.took_ms())
        )


def is_job_of(event: AnyEvent, stage: StageName, job_type: type[J]) -> TypeGuard[J]:
    """Return whether *event* is a job of *stage*: of its type, and not answered by a record."""
    return isinstance(event, job_type) and stage not in event.recorded


class Stage(Protocol[J]):
    """A function of its job, without state between jobs."""

    name: StageName
    model: str
    """The name in events and for operators."""
    job_type: type[J]

    @property
    def wait_ms(self) -> int:
        """Return the wait of urgent jobs for the engine, although they have slots."""

    async def warm(self) -> None:
        """Load the model and run it once.

        Raises:
            EngineError: the model cannot run; the message says what to do.
        """

    def target(self, event: J) -> JobTarget:
        """Return the turn and the sentence of the job *event*."""

    async def run(self, job: JobContext[J]) -> None:
        """Do the job and publish its results.

        Raises:
            EngineRefusedError: a retry will not help.
            Exception: all others are retried, by any worker.
        """
