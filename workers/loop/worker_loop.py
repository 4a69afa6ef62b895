"""The worker loop: take a job when a slot is free, send heartbeats, ack it exactly once."""

import asyncio
import random
import time
from typing import Any, Generic

import structlog

from runtime.bus.connection import Bus
from runtime.bus.errors import BusError
from runtime.bus.jobs import Job, Jobs
from runtime.first_cause import first_cause
from runtime.tasks import cancel
from schemas.stages import CONSUMERS
from workers.loop import counters, retry_policy
from workers.loop.job_target import JobTarget
from workers.loop.retry_policy import Outcome, RetryDecision
from workers.loop.stage import J, JobContext, Stage, is_job_of
from workers.loop.turn_watch import TurnWatch

log = structlog.get_logger(__name__)

HEARTBEAT_S = 0.3
"""Interval of heartbeats: two may be lost within the shortest ack_wait of the consumers."""
HUNG_EXIT = 70
"""EX_SOFTWARE: an engine hung, and the supervisor replaces the process."""


class Worker(Generic[J]):
    """Runs the jobs of a stage in this process."""

    def __init__(self, bus: Bus, stage: Stage[J], slots: int, *, drain_s: float) -> None:
        self.bus = bus
        self.stage = stage
        self.jobs = Jobs(bus, CONSUMERS[stage.name], slots)
        counters.watch(stage.name, self.jobs)
        self.done = 0
        self.failed = 0
        self._drain_s = drain_s
        self._running: dict[asyncio.Task[None], Job] = {}
        self._exit_code = 0

    async def run(self, stop: asyncio.Event) -> int:
        """Work until *stop*, then finish the running jobs; return the process's exit code."""
        async with self.jobs, asyncio.TaskGroup() as tasks:
            heart = tasks.create_task(self._keep_alive())
            draining = tasks.create_task(self._drain_at(stop))
            async for job in self.jobs:
                event = job.event
                if not is_job_of(event, self.stage.name, self.stage.job_type):
                    await job.done()
                    continue
                task = tasks.create_task(self._work(job, event, stop))
                self._running[task] = job
                task.add_done_callback(self._running.pop)
            if self._running:
                _, late = await asyncio.wait(self._running, timeout=self._drain_s)
                await cancel(late)
            heart.cancel()
            draining.cancel()
        return self._exit_code

    async def _drain_at(self, stop: asyncio.Event) -> None:
        await stop.wait()
        await self.jobs.drain()

    async def _keep_alive(self) -> None:
        while True:
            await asyncio.sleep(HEARTBEAT_S)
            for job in list(self._running.values()):
                await job.working()

    async def _work(self, job: Job, event: J, stop: asyncio.Event) -> None:
        waited_s, now_s = max(0.0, time.time() - job.stored_s), time.monotonic()
        target = self.stage.target(event)
        watch = None if target.turn is None else TurnWatch(self.bus, event, target.turn, job.seq)
        context = JobContext(
            event,
            job.seq,
            job.attempt,
            self.bus,
            now_s,
            waited_s,
            watch,
            traceparent=job.traceparent,
        )
        counters.started(self.stage.name, job)
        with (
            job.traced(),
            structlog.contextvars.bound_contextvars(session=event.session, job=event.id),
        ):
            try:
                if (apart_s := retry_policy.apart_s(job.attempt)) > 0:
                    await asyncio.sleep(random.uniform(0, apart_s))  # noqa: S311  # no secret
                wanted = await self._run(context)
            except asyncio.CancelledError:  # shutting down: another worker takes it
                await job.retry()
                counters.answered(self.stage.name, "retried", context.took_ms() / 1000)
                raise
            except Exception as error:  # noqa: BLE001  # the boundary: logged once, answered once
                outcome = await self._answer_failure(job, target, error, stop)
                counters.answered(self.stage.name, outcome, context.took_ms() / 1000)
            else:
                self.done += 1
                counters.answered(self.stage.name, "done", context.took_ms() / 1000)
                log.debug("job_done", took_ms=context.took_ms(), unwanted=not wanted)
                await job.done()

    async def _run(self, job: JobContext[J]) -> bool:
        """Do the job; return False if the edge cancelled its turn before it was done.

        A fresh job begins before the log is read for a cancellation, which is rare.
        """
        if (watch := job.watch) is None:
            await self.stage.run(job)
            return True
        async with asyncio.TaskGroup() as tasks:
            try:
                both = [tasks.create_task(watch.run(delay_s=job.watch_delay_s))]
                if not job.is_fresh:
                    await _first_of(watch.newest, *both)
                    if both[0].done():
                        return False
                both.append(tasks.create_task(self.stage.run(job)))
                await _first_of(*both)
                return both[1].done()
            finally:
                watch.end()
                for task in both:
                    task.cancel()

    async def _answer_failure(
        self, job: Job, target: JobTarget, error: Exception, stop: asyncio.Event
    ) -> Outcome:
        """Answer the job by the retry policy; return its outcome."""
        decision = retry_policy.decide(error, job.attempt)
        if decision.outcome == "overtaken":
            log.info("job_overtaken")
            await job.done()
            return decision.outcome
        if decision.is_hung:
            self._exit_code = HUNG_EXIT
            stop.set()
        gives_up = decision.outcome == "failed"
        is_told = gives_up and await self._tell_edge(job, target, decision)
        log.warning(
            "job_failed",
            stage=self.stage.name,
            attempt=job.attempt,
            gave_up=is_told,
            error=decision.reason,
            exc_info=None if decision.is_expected else first_cause(error),
        )
        if not is_told:
            await job.retry(retry_policy.UNPUBLISHED_RETRY_S if gives_up else decision.delay_s)
            return "retried"
        self.failed += 1
        await job.give_up(decision.reason)
        return "failed"

    async def _tell_edge(self, job: Job, target: JobTarget, decision: RetryDecision) -> bool:
        """Tell the edge that the job failed for good; return whether the bus has stored it."""
        failure = retry_policy.failure(
            job.event, target, decision, stage=self.stage.name, attempt=job.attempt
        )
        try:
            await self.bus.publish(failure)
        except BusError:
            return False
        return True


async def _first_of(*coming: asyncio.Future[Any]) -> None:
    await asyncio.wait(coming, return_when=asyncio.FIRST_COMPLETED)
