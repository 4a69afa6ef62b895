"""Jobs of strangers wait at the edge for a slot of their stage that no caller needs. Pure.

A stage does its jobs in the order in which they were stored, so a hundred strangers who spoke at
once would delay every caller with a token. A caller's job is therefore stored at once; a stranger's
waits here for a free slot. The next slot goes to the address that has had the fewest.

    WANTED --a slot is free--> HELD --the stage's result, or too long--> FREED
    WANTED --for too long--> refused: the event is stored, and is no job
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass

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
LONGEST_JOB_S = 90.0
"""The longest time that a job holds its slot, whatever became of the job."""

ENDS: Mapping[type[Event], StageName] = {
    TranscriptFinal: "stt",
    ResponseCompleted: "llm",
    ResponseCancelled: "llm",
}
"""The events that end a job of a stage, beside its failure."""
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
    stage = event.stage if isinstance(event, JobFailed) else ENDS.get(type(event))
    if stage == "stt" and isinstance(event, TranscriptFinal | JobFailed):
        return "stt", event.utterance
    return ("llm", 0) if stage == "llm" else None


@dataclass(eq=False)
class Wait:
    """A stranger's job that waits for a slot."""

    holder: SlotHolder
    key: Key
    since_s: float
    on_end: Callable[[], None] = lambda: None
    """Called once the job holds a slot, or its session ends."""


class _Stage:
    """The slots of one stage at this edge."""

    def __init__(self) -> None:
        self.slots = 0
        """This edge's share of the stage's slots; 0: not known, and nothing waits."""
        self.share = 1.0
        """The part that strangers may have of the slots that callers leave."""
        self.callers = self.strangers = 0
        """Jobs under way."""
        self.waiting: FairQueue[Wait] = FairQueue()
        self.waits: set[Wait] = set()
        """The same, without those that wait no more."""
        self.held: Counter[str] = Counter()
        """Strangers' jobs that are under way, by address."""

    @property
    def has_free_slot(self) -> bool:
        """Return whether a stranger's job may have a slot."""
        free = self.slots - self.slots // LEFT_FREE - self.callers
        return not self.slots or self.strangers < max(1, int(free * self.share))

    @property
    def next(self) -> Wait | None:
        while self.waiting:
            if (first := self.waiting.first()) in self.waits:
                return first
            self.waiting.pop()  # it waits no more
        return None

    def fill(self, now_s: float) -> None:
        """Give free slots to waiting jobs."""
        while self.waits and self.has_free_slot and (wait := self.next):
            self.waiting.pop()
            self.waits.discard(wait)
            wait.holder.hold(wait.key, now_s)
            wait.on_end()

    def starves(self, since_s: float) -> bool:
        """Return whether an address that holds no slot has waited for one since *since_s*."""
        return any(
            wait.since_s <= since_s and not self.held[wait.holder.address] for wait in self.waits
        )


class JobSlots:
    """The slots of an edge."""

    def __init__(self) -> None:
        self.stages: dict[StageName, _Stage] = {"stt": _Stage(), "llm": _Stage()}
        self.holding: set[SlotHolder] = set()
        """The sessions whose jobs hold a slot."""

    def update(
        self, slots: Mapping[str, int], edges: int, now_s: float, *, strained: bool = False
    ) -> None:
        """Note the *slots* of each stage, which so many *edges* share; free what is overdue.

        *strained*: a stage begins to fall behind, and strangers are the first to yield. Slots tell
        how many a worker listens to, not how fast it is.
        """
        for name, stage in self.stages.items():
            stage.share = stage.share / 2 if strained else min(1.0, stage.share + WIN_BACK)
            share = slots.get(name, 0)
            stage.slots = max(1, share // max(1, edges)) if share else 0
        for session in list(self.holding):
            session.free_overdue(now_s)
        for stage in self.stages.values():
            stage.fill(now_s)

    def late(self, now_s: float) -> str:
        """Return a stage at which an address without a slot has waited for LATE_S; empty: none.

        An address that holds a slot and wants more does not count.
        """
        since_s = now_s - LATE_S
        return next((name for name, stage in self.stages.items() if stage.starves(since_s)), "")

    def for_strangers(self) -> set[StageName]:
        """Return the stages at which most jobs of this edge are those of strangers."""
        return {name for name, stage in self.stages.items() if stage.strangers > stage.callers}


class SlotHolder:
    """The slots of one session's jobs, until it leaves."""

    def __init__(self, slots: JobSlots, address: str, *, stranger: bool) -> None:
        self._slots = slots
        self.address = address
        self._stranger = stranger
        self._held: dict[Key, float] = {}
        """The time from which each job holds a slot."""
        self._wait: Wait | None = None
        """The job that waits; those of a session come one after the other."""
        self._left = False

    def want(self, event: Event, now_s: float) -> bool | Wait:
        """Return True if *event* may be stored at once, False if never, else its wait for a slot.

        An event that is no job may.
        """
        key = key_of(event)
        if key is None or key in self._held:
            return True
        if self._left:
            return not self._stranger
        stage = self._slots.stages[key[0]]
        if not self._stranger or (stage.has_free_slot and not stage.next):
            self.hold(key, now_s)
            return True
        wait = self._wait = Wait(self, key, now_s)
        stage.waiting.add(self.address, wait)
        stage.waits.add(wait)
        return wait

    def stop_waiting(self, wait: Wait) -> bool:
        """Drop *wait*; return whether its job holds a slot."""
        self._slots.stages[wait.key[0]].waits.discard(wait)
        return wait.key in self._held

    def hold(self, key: Key, now_s: float) -> None:
        """Hold a slot for a job."""
        stage = self._slots.stages[key[0]]
        if self._stranger:
            stage.waiting.charge(self.address, 1)
        self._held[key] = now_s
        self._slots.holding.add(self)
        self._count(stage, 1)

    def note_stored(self, event: Event, now_s: float) -> None:
        """Note an event that was stored, of a stage or of the edge."""
        key = done_by(event) if self._held else None
        if key is not None and key in self._held:
            self._free(key, now_s)

    def leave(self, now_s: float) -> None:
        """Hold nothing, and wait for nothing: the session ends."""
        self._left = True
        if self._wait:
            self._wait.on_end()
            self._wait = None
        for key in list(self._held):
            self._free(key, now_s)

    def free_overdue(self, now_s: float) -> None:
        for key in [key for key, at_s in self._held.items() if at_s < now_s - LONGEST_JOB_S]:
            self._free(key, now_s)

    def _free(self, key: Key, now_s: float) -> None:
        del self._held[key]
        if not self._held:
            self._slots.holding.discard(self)
        stage = self._slots.stages[key[0]]
        self._count(stage, -1)
        stage.fill(now_s)

    def _count(self, stage: _Stage, more: int) -> None:
        if not self._stranger:
            stage.callers += more
            return
        stage.strangers += more
        stage.held[self.address] += more
        if not stage.held[self.address]:
            del stage.held[self.address]
