"""The one worker loop: take a job when a slot is free, keep it alive, answer it exactly once."""

from __future__ import annotations

import asyncio
import dataclasses
import random
import time
from typing import Any

import structlog
from nats.aio.msg import Msg

from runtime.bus.connection import Bus, BusError, FencedError, Stored
from runtime.bus.jobs import Job, Jobs
from schemas import codec, subjects
from schemas.events import JobFailed, ResponseCancelled, ResponseSentence, TurnTaken
from workers import counters
from workers.engines.protocols import (
    EngineError,
    EngineMissingError,
    EngineRefusedError,
    WeightsError,
)
from workers.stage import EngineHungError, Stage, StaleJobError, Task

log = structlog.get_logger(__name__)

CONSUMERS = {"stt": "STT", "llm": "LLM", "tts": "TTS"}
HEARTBEAT_S = 0.3
"""Two may be lost or late within the shortest ack_wait of the consumers."""
LAST_ATTEMPT = 3
"""One less than the consumers' max_deliver, so that a failure can still be told."""
APART_S = 2.0
"""Jobs that died together with a worker twice start apart: one of them may be what killed it, and
would take the others with it again."""
FRESH_S = 0.25
"""A job that waited no longer since it was stored begins at once; later it may be unwanted."""
LOOK_AFTER_S = 0.01
"""A fresh job has its session looked up so late: the engine that wakes for it goes first."""
EXPECTED = (EngineError, BusError, StaleJobError)
HOPELESS = (EngineRefusedError, EngineMissingError, WeightsError, StaleJobError)


class Worker:
    """One process's share of a stage."""

    def __init__(self, bus: Bus, stage: Stage, slots: int, *, drain_s: float) -> None:
        self.bus = bus
        self.stage = stage
        self.jobs = Jobs(bus, CONSUMERS[stage.name], slots)
        counters.watch(stage.name, self.jobs)
        self.done = 0
        self.failed = 0
        self._drain_s = drain_s
        self._running: dict[asyncio.Task[None], Job] = {}
        self._hung = False

    async def run(self, stop: asyncio.Event) -> bool:
        """Work until *stop*, then finish what is in hand; False where the engine hung."""
        async with asyncio.TaskGroup() as tasks:
            heart = tasks.create_task(self._keep_alive())
            leaver = tasks.create_task(self._leave(stop))
            async for job in self.jobs:
                if not self.stage.is_job(job.event):
                    await job.done()
                    continue
                task = tasks.create_task(self._work(job, stop))
                self._running[task] = job
                task.add_done_callback(self._forget)
            if self._running:
                _, late = await asyncio.wait(self._running, timeout=self._drain_s)
                for task in late:
                    task.cancel()
            heart.cancel()
            leaver.cancel()
        return not self._hung

    def _forget(self, task: asyncio.Task[None]) -> None:
        self._running.pop(task, None)

    async def _leave(self, stop: asyncio.Event) -> None:
        await stop.wait()
        await self.jobs.leave()

    async def _keep_alive(self) -> None:
        while True:
            await asyncio.sleep(HEARTBEAT_S)
            for job in list(self._running.values()):
                await job.working()

    async def _work(self, job: Job, stop: asyncio.Event) -> None:
        event = job.event
        waited_s = max(0.0, time.time() - job.stored_s)
        now_s = time.monotonic()
        fresh = job.attempt == 1 and waited_s < FRESH_S
        task = Task(event, job.seq, job.attempt, self.bus, job.trace, now_s, waited_s, fresh)
        counters.taken(self.stage.name, job)
        with structlog.contextvars.bound_contextvars(session=event.session, job=event.id):
            try:
                if job.attempt >= LAST_ATTEMPT:
                    await asyncio.sleep(random.uniform(0, APART_S))  # noqa: S311  # no secret
                wanted = await self._run(task)
            except asyncio.CancelledError:  # shutting down: somebody else has time for it
                await job.retry()
                raise
            except Exception as error:  # noqa: BLE001  # the boundary: told once, answered once
                outcome = await self._answer_failure(job, _cause(error), stop)
                counters.answered(self.stage.name, outcome, task.took_ms() / 1000)
            else:
                self.done += 1
                counters.answered(self.stage.name, "done", task.took_ms() / 1000)
                log.debug("job_done", took_ms=task.took_ms(), unwanted=not wanted)
                await job.done()

    async def _run(self, task: Task) -> bool:
        """Do the job; return False where the edge gave its turn up before it was done.

        A fresh job begins before that is looked up: the caller waits for it, and it is rarely so.
        """
        event = task.event
        if not isinstance(event, TurnTaken | ResponseSentence):
            await self.stage.run(task)
            return True
        newest: asyncio.Future[Stored | None] = asyncio.Future()
        task = dataclasses.replace(task, newest=newest)
        unwanted = asyncio.Event()
        after_s = LOOK_AFTER_S if task.fresh else 0
        watch = self._watch(event, task.seq, newest, unwanted, after_s=after_s)
        both = [asyncio.create_task(watch)]
        try:
            if not task.fresh:
                known: list[asyncio.Future[Any]] = [newest, *both]
                await asyncio.wait(known, return_when=asyncio.FIRST_COMPLETED)
            running = asyncio.create_task(self.stage.run(task))
            both.append(running)
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
            for one in both:
                if one.done():
                    one.result()
            return running.done()
        finally:
            unwanted.set()  # a cancellation that meets an answer is lost: wait_for of Python 3.11
            for one in both:
                one.cancel()
            await asyncio.wait(both)

    async def _watch(
        self,
        event: TurnTaken | ResponseSentence,
        seq: int,
        newest: asyncio.Future[Stored | None],
        unwanted: asyncio.Event,
        *,
        after_s: float,
    ) -> None:
        """Return when the edge gives the turn of job *seq* up, or did, or when *unwanted* is set.

        Looks that up *after_s*, and tells the *newest* of the session's answers on the way. What is
        older than the job does not count: an operator may drive a job again that the edge had
        given up.

        Raises:
            BusAwayError: no answer.
        """

        async def on_say(msg: Msg) -> None:
            if (msg.headers or {}).get(codec.TYPE_HEADER) != "response.cancelled":
                return
            said = codec.decode(msg.data)
            if isinstance(said, ResponseCancelled) and said.turn >= event.turn:
                unwanted.set()

        await asyncio.sleep(after_s)
        live = subjects.live(event.tenant, event.session, "say")
        async with self.bus.listening(live, on_say):
            last = await self.bus.last(subjects.session_events(event.tenant, event.session, "say"))
            if not newest.done():
                newest.set_result(last)
            said = last.event() if last and last.seq > seq else None
            cancelled = isinstance(said, ResponseCancelled) and said.turn >= event.turn
            if not cancelled and getattr(said, "turn", -1) <= event.turn:
                await unwanted.wait()

    async def _answer_failure(self, job: Job, error: Exception, stop: asyncio.Event) -> str:
        """Retry what another try may mend; else tell the edge and end the job for good.

        Returns what became of it, as it is counted.
        """
        if isinstance(error, FencedError):
            log.info("job_overtaken")
            await job.done()
            return "overtaken"
        if isinstance(error, EngineHungError):  # the thread is lost, and so is this process
            self._hung = True
            stop.set()
        reason = str(error) if isinstance(error, HOPELESS) else type(error).__name__
        hopeless = isinstance(error, HOPELESS) or job.attempt >= LAST_ATTEMPT
        log.warning(
            "job_failed",
            stage=self.stage.name,
            attempt=job.attempt,
            gave_up=hopeless,
            error=reason,
            exc_info=None if isinstance(error, EXPECTED) else error,
        )
        if not hopeless:
            await job.retry(0.2 * job.attempt)
            return "retried"
        return await self._give_up(job, reason)

    async def _give_up(self, job: Job, reason: str) -> str:
        """Tell the edge, and end the job once that is stored; return what became of it."""
        self.failed += 1
        event = job.event
        failure = JobFailed(
            tenant=event.tenant,
            session=event.session,
            at_ms=event.at_ms,
            stage=self.stage.name,
            utterance=getattr(event, "utterance", 0),
            turn=getattr(event, "turn", 0),
            index=getattr(event, "index", 0),
            reason=reason,
            attempts=job.attempt,
        )
        try:
            await self.bus.publish(failure)
        except BusError:
            await job.retry(1.0)
            return "retried"
        await job.give_up(reason)
        return "failed"


def _cause(error: Exception) -> Exception:
    """Return the first thing that went wrong in a stage that does several at once."""
    while isinstance(error, ExceptionGroup):
        error = error.exceptions[0]
    return error
