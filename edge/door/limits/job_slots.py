"""Jobs of strangers wait at the edge for a slot of their stage that no caller needs.

A stage does its jobs in the order in which they were stored, so a hundred strangers who spoke at
once would delay every caller with a token. A caller's job is therefore stored at once; a stranger's
waits here for a free slot. The next slot goes to the address that has had the fewest.

    WANTED --a slot is free--> HELD --the stage's result, or too long--> FREED
    WANTED --for too long--> refused: the event is stored, and is no job
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from edge.door.limits.fair_queue import FairQueue
from schemas.events import (
    Event,
    JobFailed,
    ResponseCancelled,
    ResponseCompleted,
    SpeechStarted,
    StageName,
    TranscriptFinal,
    TurnTaken,
)

LEFT_FREE = 4
"""Every fourth slot of a stage is left free for callers who come."""
WIN_BACK = 0.1
"""The part of their full share that strangers regain in each second without strain."""
LATE_S = 1.0
"""While an address without a slot has waited for so long, new strangers are refused."""
MOST_WAIT_S = 10.0
"""A job that has waited for so long is not done."""
MOST_HELD_S = 90.0
"""The longest time that a job holds its slot, whatever became of the job."""

ENDS_JOBS = (TranscriptFinal, ResponseCompleted, ResponseCancelled, JobFailed)
"""The events of which `done_by` returns a job."""
Key = tuple[StageName, int]
"""The stage of a job, and its utterance; of a session's turns there is one at a time."""


def key_of(event: Event) -> Key | None:
    """Return which job *event* is; None: it is none of those that callers make."""
    match event:
        case SpeechStarted(utterance=utterance):
            return "stt", utterance
        case TurnTaken():
            return "llm", 0
        case _:
            return None


def done_by(event: Event) -> Key | None:
    """Return the job that *event* tells the end of."""
    match event:
        case TranscriptFinal(utterance=utterance) | JobFailed(stage="stt", utterance=utterance):
            return "stt", utterance
        case ResponseCompleted() | JobFailed(stage="llm") | ResponseCancelled():
            return "llm", 0
        case _:
            return None


@dataclass(eq=False)
class _Wait:
    """A stranger's job that waits."""

    session: SessionJobs
    key: Key
    since_s: float
    over: asyncio.Event = field(default_factory=asyncio.Event)


class _Stage:
    """The slots of one stage at this edge."""

    def __init__(self) -> None:
        self.slots = 0
        """This edge's share of the stage's; 0: not known, and nothing waits."""
        self.share = 1.0
        """Of what strangers may have."""
        self.callers = self.strangers = 0
        """Jobs under way."""
        self.waiting: FairQueue[_Wait] = FairQueue()
        self.waits: set[_Wait] = set()
        """The same, without those that wait no more."""
        self.held: Counter[str] = Counter()
        """Strangers' jobs that are under way, by address."""

    @property
    def has_free_slot(self) -> bool:
        """Return whether a stranger's job may have a slot."""
        free = self.slots - self.slots // LEFT_FREE - self.callers
        return not self.slots or self.strangers < max(1, int(free * self.share))

    @property
    def next(self) -> _Wait | None:
        while self.waiting:
            if (first := self.waiting.first()) in self.waits:
                return first
            self.waiting.pop()  # it waits no more
        return None

    def fill(self) -> None:
        """Give free slots to waiting jobs."""
        while self.has_free_slot and (wait := self.next):
            self.waiting.pop()
            self.waits.discard(wait)
            wait.session.hold(wait.key)
            wait.over.set()

    def starves(self, since_s: float) -> bool:
        """Return whether an address that holds no slot has waited for one since *since_s*."""
        return any(
            wait.since_s <= since_s and not self.held[wait.session.address] for wait in self.waits
        )


class JobSlots:
    """The slots of an edge."""

    def __init__(
        self, clock: Callable[[], float] = time.monotonic, most_wait_s: float = MOST_WAIT_S
    ) -> None:
        """*clock* tells seconds; a job waits *most_wait_s*."""
        self.clock = clock
        self.most_wait_s = most_wait_s
        self.stages: dict[StageName, _Stage] = {"stt": _Stage(), "llm": _Stage()}
        self.holding: set[SessionJobs] = set()
        """The sessions whose jobs hold a slot."""

    def update(self, slots: Mapping[str, int], edges: int, *, strained: bool = False) -> None:
        """Note the *slots* of each stage, which so many *edges* share; free what is overdue.

        *strained*: a stage begins to fall behind, and strangers are the first to yield. Slots tell
        how many a worker listens to, not how fast it is.
        """
        for name, stage in self.stages.items():
            stage.share = stage.share / 2 if strained else min(1.0, stage.share + WIN_BACK)
            share = slots.get(name, 0)
            stage.slots = max(1, share // max(1, edges)) if share else 0
        for session in list(self.holding):
            session.free_overdue()
        for stage in self.stages.values():
            stage.fill()

    def late(self) -> str:
        """Return a stage at which an address without a slot has waited for LATE_S; empty: none.

        An address that holds a slot and wants more does not count.
        """
        late_s = self.clock() - LATE_S
        return next((name for name, stage in self.stages.items() if stage.starves(late_s)), "")

    def for_strangers(self) -> set[StageName]:
        """Return the stages at which most jobs of this edge are those of strangers."""
        return {name for name, stage in self.stages.items() if stage.strangers > stage.callers}

    def of(self, address: str, *, stranger: bool) -> SessionJobs:
        """Return the jobs of a new session of *address*."""
        return SessionJobs(self, address, stranger=stranger)


class SessionJobs:
    """Those of one session, until it leaves."""

    def __init__(self, slots: JobSlots, address: str, *, stranger: bool) -> None:
        self._slots = slots
        self.address = address
        self._stranger = stranger
        self._held: dict[Key, float] = {}
        """Since when."""
        self._wait: _Wait | None = None
        """The job that waits; those of a session come one after the other."""
        self._left = False

    async def take(self, event: Event) -> bool:
        """Return when the job that *event* is may be stored; False: it is to be no job.

        Other events pass at once.
        """
        key = key_of(event)
        if key is None or key in self._held:
            return True
        if self._left:
            return not self._stranger
        stage = self._slots.stages[key[0]]
        if not self._stranger or (stage.has_free_slot and not stage.next):
            self.hold(key)
            return True
        wait = self._wait = _Wait(self, key, self._slots.clock())
        stage.waiting.add(self.address, wait)
        stage.waits.add(wait)
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._slots.most_wait_s):
                    await wait.over.wait()
        finally:
            stage.waits.discard(wait)
        return key in self._held

    def hold(self, key: Key) -> None:
        """Hold a slot for a job."""
        stage = self._slots.stages[key[0]]
        if self._stranger:
            stage.waiting.charge(self.address, 1)
        self._held[key] = self._slots.clock()
        self._slots.holding.add(self)
        self._count(stage, 1)

    def note_stored(self, event: Event) -> None:
        """Note an event that was stored, of a stage or of the edge."""
        if self._held and isinstance(event, ENDS_JOBS) and (key := done_by(event)) in self._held:
            self._free(key)

    def leave(self) -> None:
        """Hold nothing, and wait for nothing: the session ends."""
        self._left = True
        if self._wait:
            self._wait.over.set()
        for key in list(self._held):
            self._free(key)

    def free_overdue(self) -> None:
        late_s = self._slots.clock() - MOST_HELD_S
        for key in [key for key, since_s in self._held.items() if since_s < late_s]:
            self._free(key)

    def _free(self, key: Key) -> None:
        del self._held[key]
        if not self._held:
            self._slots.holding.discard(self)
        stage = self._slots.stages[key[0]]
        self._count(stage, -1)
        stage.fill()

    def _count(self, stage: _Stage, more: int) -> None:
        if not self._stranger:
            stage.callers += more
            return
        stage.strangers += more
        stage.held[self.address] += more
        if not stage.held[self.address]:
            del stage.held[self.address]
