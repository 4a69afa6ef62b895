"""Blocking engines behind the event loop: a fixed number of threads, urgent work first.

Items of equal kind that wait together may share one call of the engine (`run_together`):

    waiting   f f f f p p     two threads, one becomes free: it takes its share of the most urgent
              └─┘             kind; the other thread will take the rest

No item waits for a batch: with a free thread it begins at once, alone. Items of equal urgency are
taken by the fair share of their owners (`workers/fair_share.py`), so that many items of one session
never delay the only one of another.
"""

import asyncio
import itertools
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, TypeVar

from workers.fair_share import FairShare, Owner
from workers.stage import EngineHungError

_T = TypeVar("_T")

AWAKE_S = 0.5
"""Grace after the limit: after a suspension of the process the thread may be about to finish."""
STARVED_TIMES, LEAST_CPU = 3, 0.1
"""The number of further waits for a process that works and gets little CPU of a busy machine: at
least this share of the time, and less than the limit."""
LIMIT_A_SECOND = 0.5
"""The addition to the limit for each second of audio; a slower engine is too slow."""
MOST_BATCH_S = 30.0
"""The most audio of a batch, unless its first item is longer, since other items wait for it."""
LEAST_COST_S = 1.0
"""The least cost of an item for its owner's share."""


@dataclass(frozen=True)
class Together:
    """Work that an engine does faster for several items in one call."""

    call: Callable[[Sequence[Any]], Iterable[tuple[int, Any]]]
    """Takes items and yields (index, result or exception), each as soon as it is known."""
    kind: object
    """Items of equal kind may share a batch."""
    most: int
    """Size limit of a batch."""


@dataclass(eq=False)
class _Asked:
    """An item with its request and its result."""

    rank: int
    order: int
    work: Together
    item: Any
    owner: Owner
    audio_s: float
    since_s: float
    """The time of the request, on the executor's clock."""
    limit_s: float = 0.0
    """The limit of its call, once that has begun."""
    begun: asyncio.Event = field(default_factory=asyncio.Event)
    """Set at the start of its call."""
    answer: asyncio.Future[Any] = field(default_factory=asyncio.Future)


class EngineExecutor:
    """Calls an engine in *threads* at once; other items wait, by rank and the share of their owner.

    A call that takes longer than *limit_s* and half its audio's length together has hung, unless
    the process works and got little of the CPU. Of several threads one is reserved for urgent items
    (rank 0), so that others never delay them.
    """

    def __init__(
        self,
        threads: int,
        *,
        limit_s: float,
        clock: Callable[[], float] = time.monotonic,
        cpu: Callable[[], float] = time.process_time,
    ) -> None:
        """Take *clock*, which returns seconds, and *cpu*, the CPU seconds of this process."""
        self._clock = clock
        self._cpu = cpu
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="engine")
        self._threads = threads
        self._free = threads
        self._reserved = 1 if threads > 1 else 0
        self._limit_s = limit_s
        self._waiting: list[_Asked] = []
        self._shares = FairShare()
        self._order = itertools.count()

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    def limit_s(self, audio_s: Iterable[float]) -> float:
        """Return the longest time of a call with items of so many seconds of audio each."""
        return self._limit_s + LIMIT_A_SECOND * sum(audio_s)

    @property
    def wait_ms(self) -> int:
        """Return the wait of the oldest urgent item (rank 0) for a thread."""
        oldest = min((asked.since_s for asked in self._waiting if asked.rank == 0), default=None)
        if oldest is None:
            return 0
        return int((self._clock() - oldest) * 1000)

    async def run(
        self,
        call: Callable[..., _T],
        *args: Any,
        rank: int = 0,
        owner: Owner = (),
        audio_s: float = 0.0,
    ) -> _T:
        """Return the result of *call* for *owner*; a smaller *rank* goes first.

        Raises:
            EngineHungError: the call took longer than the limit; its thread is lost.
        """

        def alone(_: Sequence[Any]) -> Iterator[tuple[int, _T]]:
            yield 0, call(*args)

        work = Together(alone, object(), 1)
        result: _T = await self.run_together(work, None, rank=rank, owner=owner, audio_s=audio_s)
        return result

    async def run_together(
        self,
        work: Together,
        item: Any,
        *,
        rank: int = 0,
        owner: Owner = (),
        audio_s: float = 0.0,
    ) -> Any:
        """Return the result of *work* for *item*, which may share a call with others of its kind.

        *audio_s*: the length of its audio.

        Raises:
            EngineHungError: the call took longer than the limit; its thread is lost.
        """
        asked = _Asked(rank, next(self._order), work, item, owner, audio_s, self._clock())
        self._waiting.append(asked)
        self._fill()
        try:
            await asked.begun.wait()
            # A thread cannot be stopped: a cancelled task only drops its result.
            for limit_s in self._waits(asked.limit_s):
                done, _ = await asyncio.wait({asked.answer}, timeout=limit_s)
                if done:
                    return asked.answer.result()
        finally:
            if not asked.begun.is_set():
                self._waiting.remove(asked)
            asked.answer.cancel()
        raise EngineHungError

    def _waits(self, limit_s: float) -> Iterator[float]:
        """Yield the seconds for which a call is waited for, one wait after the other."""
        began_s, waited_s = self._cpu(), limit_s
        yield limit_s
        for _ in range(STARVED_TIMES):
            if not LEAST_CPU * waited_s <= self._cpu() - began_s < limit_s:
                break
            waited_s += limit_s
            yield limit_s
        yield AWAKE_S

    def _fill(self) -> None:
        """Give free threads to waiting items."""
        while self._waiting and self._free > (self._reserved if self._most_urgent else 0):
            batch = self._batch()
            limit_s = self.limit_s(asked.audio_s for asked in batch)
            for asked in batch:
                asked.limit_s = limit_s
                asked.begun.set()
            self._free -= 1
            loop = asyncio.get_running_loop()
            done = loop.run_in_executor(self._pool, _work, batch, loop)
            done.add_done_callback(self._leave_thread)
        if not self._waiting:
            self._shares.clear()

    @property
    def _most_urgent(self) -> int:
        """Return the smallest waiting rank."""
        return min(asked.rank for asked in self._waiting)

    def _batch(self) -> list[_Asked]:
        """Take the next item, and one thread's share of those of its kind and rank.

        A larger batch would leave nothing for other threads that become free.
        """
        rank = self._most_urgent
        first = self._take([asked for asked in self._waiting if asked.rank == rank])
        alike = [
            asked
            for asked in self._waiting
            if asked.rank == rank and asked.work.kind == first.work.kind
        ]
        threads = self._threads - (self._reserved if rank else 0)
        most = min(first.work.most, -(-(len(alike) + 1) // threads))
        batch, audio_s = [first], first.audio_s
        while len(batch) < most:
            fits = [asked for asked in alike if audio_s + asked.audio_s <= MOST_BATCH_S]
            if not fits:
                break
            batch.append(asked := self._take(fits))
            alike.remove(asked)
            audio_s += asked.audio_s
        return batch

    def _take(self, some: list[_Asked]) -> _Asked:
        """Take the item of *some* whose owner's share is next."""
        places = {owner: self._shares.place(owner) for owner in {asked.owner for asked in some}}
        asked = min(some, key=lambda one: (places[one.owner], one.order))
        self._shares.give(asked.owner, max(LEAST_COST_S, asked.audio_s))
        self._waiting.remove(asked)
        return asked

    def _leave_thread(self, done: asyncio.Future[None]) -> None:
        self._free += 1
        self._fill()
        if not done.cancelled():
            done.result()  # raises Aura's own faults; those of the engine go to `answer`


def _work(batch: list[_Asked], loop: asyncio.AbstractEventLoop) -> None:
    """Call the engine in a thread; if it fails for a batch, try each item alone."""
    unanswered = dict(enumerate(batch))

    def answer(index: int, result: Any) -> None:
        future = unanswered.pop(index).answer
        with suppress(RuntimeError):  # the loop is closed
            loop.call_soon_threadsafe(_deliver, future, result)

    try:
        for index, result in batch[0].work.call([asked.item for asked in batch]):
            answer(index, result)
    except Exception as error:  # noqa: BLE001  # raised where the result is awaited
        for index, asked in list(unanswered.items()):
            if len(batch) == 1:
                answer(index, error)
            else:
                _work([asked], loop)


def _deliver(answer: asyncio.Future[Any], result: Any) -> None:
    if answer.done():  # its task was cancelled
        return
    if isinstance(result, Exception):
        answer.set_exception(result)
        answer.exception()  # marked as seen, so that asyncio does not log it
    else:
        answer.set_result(result)
