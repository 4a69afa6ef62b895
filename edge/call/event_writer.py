"""The events of a call on their way into the log, in the order of its decisions."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import msgspec
import structlog

from edge.call.bus_outage import BusOutage, in_time, no_job
from edge.call.clock import now_ms
from edge.call.config_store import ConfigStore
from edge.call.quotas import LogQuota
from runtime.bus.connection import Bus
from runtime.bus.errors import BusAwayError
from schemas import codec
from schemas.events import Event, StageName, TurnTaken
from schemas.stages import JobEvent

log = structlog.get_logger(__name__)

PATIENCE_S = 2.5
"""Time to store an event, after which the caller is told of an outage."""
MOST_EVENTS = 1000
"""Limit of the events that wait for the bus; a call that exceeds it is lost."""


@dataclass(frozen=True)
class LogTerms:
    """The terms on which a session writes into the log."""

    configs: ConfigStore
    """Its events name the configuration that is stored there."""
    quota: LogQuota


class Jobs(Protocol):
    """The places that a session's jobs have at their stages."""

    async def take(self, event: Event) -> bool:
        """Return when the job that *event* is may be stored; False: it is to be no job."""

    def said(self, event: Event) -> None:
        """Note an event that was stored, of a stage or of the edge."""

    def leave(self) -> None:
        """Hold nothing, and wait for nothing: the session ends."""


class EventWriter:
    """Publishes the events one after the other, each until it is acknowledged."""

    def __init__(
        self,
        bus: Bus,
        outage: BusOutage,
        awaits: Callable[[int], bool],
        over: Callable[[str], None] = lambda _: None,
        *,
        terms: LogTerms | None = None,
        jobs: Jobs | None = None,
        recorded: tuple[StageName, ...] = (),
    ) -> None:
        """*outage* is told of delays; *awaits* tells whether an utterance's words are wanted.

        Jobs say that those in *recorded* leave them to a replay. *over* is told, once, why the call
        is to end: its events are more than its *terms* allow. A job waits for its place in *jobs*.
        """
        self._bus = bus
        self._encode = terms.configs.encode if terms else codec.encode
        self._quota = terms.quota if terms else None
        self._jobs = jobs
        self._recorded = recorded
        self._over = over
        self._outage = outage
        self._awaits = awaits
        self._waiting: asyncio.Queue[Event | asyncio.Event | None] = asyncio.Queue()
        """At most MOST_EVENTS events, by `put`; one more is an error, not a wait.

        An `asyncio.Event` is set when its turn comes: one a command that waits. None is the last.
        """
        self._closed = False
        self._left = asyncio.Event()

    def put(self, event: Event) -> bool:
        """Take *event*, or return False if too many wait already."""
        if self._waiting.qsize() >= MOST_EVENTS:
            log.error("event_lost", type=event.__struct_config__.tag, session=event.session)
            return False
        if self._recorded and isinstance(event, JobEvent):
            recorded = tuple(dict.fromkeys((*event.recorded, *self._recorded)))
            event = msgspec.structs.replace(event, recorded=recorded)
        self._waiting.put_nowait(event)
        return True

    def close(self) -> None:
        """Let `run` end when all events are stored."""
        self._closed = True
        self._waiting.put_nowait(None)
        if self._jobs:
            self._jobs.leave()

    async def stored(self) -> None:
        """Return when all events that were put so far are stored."""
        reached = self._left
        if not self._closed:
            reached = asyncio.Event()
            self._waiting.put_nowait(reached)
        await reached.wait()

    async def run(self) -> None:
        while (event := await self._waiting.get()) is not None:
            if isinstance(event, asyncio.Event):
                event.set()
                continue
            if self._jobs and isinstance(event, JobEvent) and not await self._jobs.take(event):
                log.info("job_has_no_place", type=event.__struct_config__.tag)
                event = no_job(event)
            while not await self._stored(in_time(event, now_ms(), self._awaits)):
                self._outage.begins("log")
                await asyncio.sleep(0.25)
            self._outage.ends("log")
            if self._jobs:
                self._jobs.said(event)
            if isinstance(event, TurnTaken):
                await self._bus.yield_to_jobs()
        self._left.set()

    async def _stored(self, event: Event) -> bool:
        data = self._encode(event)
        try:
            await self._bus.publish(event, data, patience_s=PATIENCE_S)
        except BusAwayError as error:
            log.warning("event_waits_for_bus", error=str(error))
            return False
        if self._quota and (why := self._quota.spend(len(data), time.monotonic())):
            self._quota = None
            self._over(why)
        return True
