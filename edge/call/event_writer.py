"""Writes the events of a call into the log, in the order of its decisions."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from typing import Protocol

import msgspec
import structlog

from edge.call.bus_outage import BusOutage
from edge.call.client import LogRefusal
from edge.call.clock import now_ms
from edge.call.config_store import ConfigStore
from edge.call.late_jobs import in_time, no_job
from edge.call.quotas import LogQuota
from edge.call.session_bus import SessionBus
from runtime.bus.errors import BusAwayError, BusRefusedError
from schemas import codec
from schemas.events import Event, StageName, TurnTaken, tag
from schemas.stages import JobEvent

log = structlog.get_logger(__name__)

OUTAGE_AFTER_S = 2.5
"""The time to store an event after which the caller is told of an outage."""
STORE_AGAIN_S = 0.25
MOST_UNSTORED_EVENTS = 1000
"""The most events that wait for the bus; with more the call is lost."""


class JobAdmission(Protocol):
    """The slots of a session's jobs at their stages."""

    async def take(self, event: Event) -> bool:
        """Return once the job *event* may be stored; False: it must be no job."""

    def note_stored(self, event: Event) -> None:
        """Note a stored event of a stage or of the edge."""

    def leave(self) -> None:
        """Stop waiting for slots: the session ends."""


class Publication(Enum):
    """What became of an event that was published."""

    STORED = auto()
    REFUSED = auto()
    """The bus takes no such event."""
    BUS_AWAY = auto()
    """It is published again."""


STORED, REFUSED, BUS_AWAY = Publication


@dataclass(frozen=True)
class LogTerms:
    """The terms on which a session's events are stored."""

    configs: ConfigStore | None = None
    """The store of the configuration that the events name; None: they have it whole."""
    quota: LogQuota | None = None
    """None: they have no bound."""
    jobs: JobAdmission | None = None
    """The slots for which jobs wait; None: they wait for none."""
    recorded: tuple[StageName, ...] = ()
    """The stages whose results a replay gives; the jobs name them."""


UNBOUNDED = LogTerms()


class EventWriter:
    """Publishes the events one after the other, each once the one before is acknowledged."""

    def __init__(
        self,
        bus: SessionBus,
        outage: BusOutage,
        terms: LogTerms = UNBOUNDED,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Publish to *bus* on *terms*; *outage* notes delays, and *clock* returns seconds."""
        self._bus = bus
        self._clock = clock
        self._encode = terms.configs.encode if terms.configs else codec.encode
        self._quota, self._jobs, self._recorded = terms.quota, terms.jobs, terms.recorded
        self._outage = outage
        self._waiting: asyncio.Queue[Event | None] = asyncio.Queue(MOST_UNSTORED_EVENTS + 1)
        """At most MOST_UNSTORED_EVENTS; None is the last, which always has room."""
        self._taken = self._done = 0
        """The events that were put, and those that are stored or refused."""
        self._progress = asyncio.Event()

    def put(self, event: Event) -> bool:
        """Take *event*, or return False if too many wait already."""
        if self._waiting.qsize() >= MOST_UNSTORED_EVENTS:
            log.error("event_lost", type=tag(event), session=event.session)
            return False
        if self._recorded and isinstance(event, JobEvent):
            recorded = tuple(dict.fromkeys((*event.recorded, *self._recorded)))
            event = msgspec.structs.replace(event, recorded=recorded)
        self._waiting.put_nowait(event)
        self._taken += 1
        return True

    def finish(self) -> None:
        """Let `run` end when all events are stored."""
        self._waiting.put_nowait(None)
        if self._jobs:
            self._jobs.leave()

    async def stored(self) -> None:
        """Return once the events that were put so far are stored."""
        last = self._taken
        while self._done < last:
            await self._progress.wait()

    async def run(
        self,
        awaits: Callable[[int], bool],
        note_stored: Callable[[Event], None],
        refused: Callable[[LogRefusal, str], None],
    ) -> None:
        """Store events until `finish`.

        *awaits* returns whether an utterance's words are needed. *note_stored* is called with each
        event as it was stored. *refused* is called with the reason if the events exceed the quota,
        or if one is too large for the bus. If it is cancelled, it logs how many events may be lost.
        """
        event: Event | None = None
        try:
            while (event := await self._waiting.get()) is not None:
                if self._jobs and isinstance(event, JobEvent) and not await self._jobs.take(event):
                    log.info("job_has_no_slot", type=tag(event))
                    event = no_job(event)
                while True:
                    event = in_time(event, now_ms(), awaits)
                    if (outcome := await self._publish(event, refused)) is not BUS_AWAY:
                        break
                    self._outage.note("log", away=True)
                    await asyncio.sleep(STORE_AGAIN_S)
                self._outage.note("log", away=False)
                if outcome is STORED:
                    note_stored(event)
                    if isinstance(event, TurnTaken):
                        await self._bus.yield_to_jobs()
                self._done += 1
                self._progress.set()
                self._progress.clear()  # for those that wait for a later event
        finally:
            if event and (count := self._taken - self._done):
                log.error("events_not_stored", session=event.session, count=count)

    async def _publish(
        self, event: Event, refused: Callable[[LogRefusal, str], None]
    ) -> Publication:
        data = self._encode(event)
        try:
            await self._bus.publish(event, data, timeout_s=OUTAGE_AFTER_S)
        except BusRefusedError as error:
            log.error("event_refused", type=tag(event), why=str(error))
            refused("EVENT_TOO_LARGE", str(error))
            return REFUSED
        except BusAwayError as error:
            log.warning("event_waits_for_bus", error=str(error))
            return BUS_AWAY
        if self._quota and (why := self._quota.spend(len(data), self._clock())):
            self._quota = None
            refused("QUOTA_EXCEEDED", why)
        return STORED
