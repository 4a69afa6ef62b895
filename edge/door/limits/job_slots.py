"""Jobs of strangers wait at the edge for a slot of their stage that no caller needs. Pure.

A stage does its jobs in the order in which they were stored, so a hundred strangers who spoke at
once would delay every caller with a token. A caller's job is therefore stored at once; a stranger's
waits here for a free slot. The next slot goes to the address that has had the fewest.

    WANTED --hold--> HELD
    HELD --free--> FREED
    WANTED --refuse--> REFUSED

A job frees its slot when its stage has done it, if it was stored too late to be a job, or after
LONGEST_JOB_S. That of a session which has left frees it once the stage has fewer jobs than are
counted here. A job that has waited for too long is refused: its event is stored, and is no job.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from math import ceil

from edge.door.limits.fair_queue import FairQueue
from edge.door.limits.job_keys import JobKey, done_by, key_of
from runtime.moves import moved
from schemas.events import Event, StageName

LEFT_FREE = 4
"""Every fourth slot of a stage is left free for callers who come."""
WIN_BACK = 0.1
"""The part of their full share that strangers regain in each second without strain."""
FULL_AFTER_S = 1.0
"""While an address without a slot has waited for so long, new strangers are refused."""
LONGEST_JOB_S = 90.0
"""The longest time that a job holds its slot, whatever became of the job."""


class SlotPhase(Enum):
    """How far a job is with its slot."""

    WANTED = auto()
    HELD = auto()
    FREED = auto()
    REFUSED = auto()
    """It has waited for too long, or its session has ended."""


class SessionState(Enum):
    """Whether the jobs of a session may want slots."""

    RUNS = auto()
    LEFT = auto()
    """Its last jobs are under way; it wants no more slots."""


class SlotMove(Enum):
    """The moves between phases."""

    HOLD = auto()
    FREE = auto()
    REFUSE = auto()


WANTED, HELD, FREED, REFUSED = SlotPhase

SLOT_MOVES: Mapping[tuple[SlotPhase, SlotMove], SlotPhase] = {
    (WANTED, SlotMove.HOLD): HELD,
    (HELD, SlotMove.FREE): FREED,
    (WANTED, SlotMove.REFUSE): REFUSED,
}


@dataclass(eq=False)
class SlotJob:
    """A job at this edge."""

    session: SessionSlots
    key: JobKey
    since_s: float
    """The time from which it has wanted a slot, or holds one."""
    phase: SlotPhase = WANTED
    on_end: Callable[[], None] = lambda: None
    """Called once it wants a slot no more."""

    def move(self, move: SlotMove) -> None:
        """Enter the phase after *move*.

        Raises:
            IllegalMoveError: the phase has no such move.
        """
        self.phase = moved(SLOT_MOVES, self.phase, move)


class _Stage:
    """The slots of one stage at this edge."""

    def __init__(self) -> None:
        self.slots = 0
        """This edge's share of the stage's slots; 0: not known, and nothing waits."""
        self.share = 1.0
        """The part that strangers may have of the slots that callers leave."""
        self.callers = self.strangers = 0
        """Jobs under way."""
        self.waiting: FairQueue[SlotJob] = FairQueue()
        """Strangers' jobs that want a slot, and some that want none any more."""
        self.held: Counter[str] = Counter()
        """Strangers' jobs that are under way, by address."""
        self.left: deque[SlotJob] = deque()
        """Jobs whose sessions left while they were under way, the oldest first."""

    @property
    def has_free_slot(self) -> bool:
        """Return whether a stranger's job may have a slot."""
        free = self.slots - self.slots // LEFT_FREE - self.callers
        return not self.slots or self.strangers < max(1, int(free * self.share))

    @property
    def next(self) -> SlotJob | None:
        while self.waiting:
            if (first := self.waiting.first()).phase is WANTED:
                return first
            self.waiting.pop()
        return None

    def free_left(self, jobs: int, now_s: float) -> None:
        """Free the slots of sessions that have left, as the stage has *jobs* jobs."""
        done = self.callers + self.strangers - jobs
        while self.left and (done > 0 or self.left[0].phase is FREED):
            job = self.left.popleft()
            if job.phase is HELD:
                done -= 1
                job.session.free(job.key, now_s)

    def fill(self, now_s: float) -> None:
        """Give free slots to waiting jobs."""
        while self.has_free_slot and (job := self.next):
            self.waiting.pop()
            job.session.hold(job, now_s)
            job.on_end()

    def starves(self, since_s: float) -> bool:
        """Return whether an address that holds no slot has waited for one since *since_s*."""
        return any(
            job.phase is WANTED and job.since_s <= since_s and not self.held[job.session.address]
            for job in self.waiting
        )


class JobSlots:
    """The slots of an edge."""

    def __init__(self) -> None:
        self.stages: dict[StageName, _Stage] = {"stt": _Stage(), "llm": _Stage()}
        self.holding: set[SessionSlots] = set()
        """The sessions whose jobs hold a slot."""

    def update(
        self,
        slots: Mapping[str, int],
        jobs: Mapping[str, int],
        edges: int,
        now_s: float,
        *,
        strained: bool = False,
    ) -> None:
        """Note the *slots* and *jobs* of each stage, of so many *edges*; free what is overdue.

        *strained*: a stage begins to fall behind, and strangers are the first to yield. Slots tell
        how many a worker listens to, not how fast it is.
        """
        for name, stage in self.stages.items():
            stage.share = stage.share / 2 if strained else min(1.0, stage.share + WIN_BACK)
            share = slots.get(name, 0)
            stage.slots = max(1, share // max(1, edges)) if share else 0
            stage.free_left(ceil(jobs.get(name, 0) / max(1, edges)), now_s)
        for session in list(self.holding):
            session.free_overdue(now_s)
        for stage in self.stages.values():
            stage.fill(now_s)

    def late(self, now_s: float) -> str:
        """Return a stage at which an address without a slot waited for FULL_AFTER_S; empty: none.

        An address that holds a slot and wants more does not count.
        """
        since_s = now_s - FULL_AFTER_S
        return next((name for name, stage in self.stages.items() if stage.starves(since_s)), "")

    def for_strangers(self) -> set[StageName]:
        """Return the stages at which most jobs of this edge are those of strangers."""
        return {name for name, stage in self.stages.items() if stage.strangers > stage.callers}


class SessionSlots:
    """The slots of one session's jobs, until it leaves."""

    def __init__(self, slots: JobSlots, address: str, *, stranger: bool) -> None:
        self._slots = slots
        self.address = address
        self._stranger = stranger
        self._held: dict[JobKey, SlotJob] = {}
        """The jobs that hold a slot."""
        self._latest: SlotJob | None = None
        """The latest job that had to wait; those of a session come one after the other."""
        self._state = SessionState.RUNS

    def want(self, event: Event, now_s: float) -> bool | SlotJob:
        """Return True if *event* may be stored at once, False if never, else the job that waits.

        An event that is no job may.
        """
        key = key_of(event)
        if key is None or key in self._held:
            return True
        if self._state is SessionState.LEFT:
            return not self._stranger
        stage, job = self._slots.stages[key[0]], SlotJob(self, key, now_s)
        if not self._stranger or (stage.has_free_slot and not stage.next):
            self.hold(job, now_s)
            return True
        self._latest = job
        stage.waiting.add(self.address, job)
        return job

    def stop_waiting(self, job: SlotJob) -> bool:
        """Refuse *job* if it still wants a slot; return whether it holds one."""
        if job.phase is WANTED:
            job.move(SlotMove.REFUSE)
        return job.phase is HELD

    def hold(self, job: SlotJob, now_s: float) -> None:
        """Hold a slot for *job*.

        Raises:
            IllegalMoveError: it wants none any more.
        """
        job.move(SlotMove.HOLD)
        job.since_s = now_s
        stage = self._slots.stages[job.key[0]]
        if self._stranger:
            stage.waiting.charge(self.address, 1)
        self._held[job.key] = job
        self._slots.holding.add(self)
        self._count(stage, 1)

    def note_stored(self, event: Event, now_s: float) -> None:
        """Note an event that was stored, of a stage or of the edge."""
        key = done_by(event) if self._held else None
        if key is not None and key in self._held:
            self.free(key, now_s)

    def leave(self) -> None:
        """Wait for nothing: the session ends. Its stages go on with what they have."""
        self._state = SessionState.LEFT
        if self._latest:
            self.stop_waiting(self._latest)
            self._latest.on_end()
            self._latest = None
        for key, job in self._held.items():
            self._slots.stages[key[0]].left.append(job)

    def free_overdue(self, now_s: float) -> None:
        oldest_s = now_s - LONGEST_JOB_S
        for key in [key for key, job in self._held.items() if job.since_s < oldest_s]:
            self.free(key, now_s)

    def free(self, key: JobKey, now_s: float) -> None:
        """Give back the slot of the job *key*."""
        self._held.pop(key).move(SlotMove.FREE)
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
