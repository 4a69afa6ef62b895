"""Blocking engines behind the event loop: a fixed number of threads, urgent work first.

What waits at the same time and is alike may be done in one call of the engine (`run_together`):

    waiting   f f f f p p     two places, one of them gets free: it takes its share of the most
              └─┘             urgent that are alike; the other place is about to take the rest

Nothing waits for company: with a place free, work begins at once and alone.
"""

from __future__ import annotations

import asyncio
import itertools
from bisect import insort
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, TypeVar

from workers.stage import EngineHungError

_T = TypeVar("_T")

AWAKE_S = 0.5
"""A process that was asleep finds its time is up and its thread about to finish: wait for that."""


@dataclass(frozen=True)
class Together:
    """Work that an engine does quicker in one call than in several."""

    call: Callable[[Sequence[Any]], Iterable[tuple[int, Any]]]
    """Items in; (place of the item, its result or an exception), each as soon as it is known."""
    kind: object
    """What is alike is equal."""
    most: int
    """Items of one call."""


@dataclass(order=True)
class _Asked:
    """One piece of work, from the asking to the answer."""

    rank: int
    order: int
    work: Together = field(compare=False)
    item: Any = field(compare=False)
    since_s: float = field(compare=False)
    """On the loop's clock."""
    begun: asyncio.Event = field(compare=False, default_factory=asyncio.Event)
    answer: asyncio.Future[Any] = field(compare=False, default_factory=asyncio.Future)


class EngineExecutor:
    """*places* calls of an engine at once; the rest wait, the urgent ones in front.

    Of several places one is kept for urgent work (rank 0): what can wait never makes it wait.
    """

    def __init__(self, places: int, *, limit_s: float) -> None:
        self._threads = ThreadPoolExecutor(places, thread_name_prefix="engine")
        self._places = places
        self._free = places
        self._kept = 1 if places > 1 else 0
        self._limit_s = limit_s
        self._waiting: list[_Asked] = []
        """The next one first."""
        self._order = itertools.count()

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    @property
    def wait_ms(self) -> int:
        """How long urgent work (rank 0) has waited for a place."""
        oldest = min((one.since_s for one in self._waiting if one.rank == 0), default=None)
        if oldest is None:
            return 0
        return int((asyncio.get_running_loop().time() - oldest) * 1000)

    async def run(self, call: Callable[..., _T], *args: Any, rank: int = 0) -> _T:
        """Return what *call* returns; a smaller *rank* goes first.

        Raises:
            EngineHungError: it took longer than the limit; the thread is lost.
        """

        def alone(_: Sequence[Any]) -> Iterator[tuple[int, _T]]:
            yield 0, call(*args)

        result: _T = await self.run_together(Together(alone, object(), 1), None, rank=rank)
        return result

    async def run_together(self, work: Together, item: Any, *, rank: int = 0) -> Any:
        """Return what *work* makes of *item*, maybe in one call with others of its kind and rank.

        Raises:
            EngineHungError: it took longer than the limit; the thread is lost.
        """
        loop = asyncio.get_running_loop()
        asked = _Asked(rank, next(self._order), work, item, loop.time())
        insort(self._waiting, asked)
        self._fill()
        try:
            await asked.begun.wait()
            # A thread cannot be stopped: a caller who leaves drops the answer, no more.
            for limit_s in (self._limit_s, AWAKE_S):
                done, _ = await asyncio.wait({asked.answer}, timeout=limit_s)
                if done:
                    return asked.answer.result()
        finally:
            if not asked.begun.is_set():
                self._waiting.remove(asked)
            asked.answer.cancel()
        raise EngineHungError

    def _fill(self) -> None:
        """Give free places to what waits."""
        while self._waiting and self._free > (self._kept if self._waiting[0].rank else 0):
            batch = self._share()
            for one in batch:
                self._waiting.remove(one)
                one.begun.set()
            self._free -= 1
            loop = asyncio.get_running_loop()
            done = loop.run_in_executor(self._threads, _work, batch, loop)
            done.add_done_callback(self._leave_place)

    def _share(self) -> list[_Asked]:
        """Return the next one, and of what waits and is like it as many as are one place's share.

        The other places are about to get free too: to take all would leave them idle.
        """
        first = self._waiting[0]
        alike = [
            one
            for one in self._waiting
            if one.rank == first.rank and one.work.kind == first.work.kind
        ]
        places = self._places - (self._kept if first.rank else 0)
        return alike[: min(first.work.most, -(-len(alike) // places))]

    def _leave_place(self, done: asyncio.Future[None]) -> None:
        self._free += 1
        self._fill()
        if not done.cancelled():
            done.result()  # nothing of the engine's comes this way: a fault here is ours


def _work(batch: list[_Asked], loop: asyncio.AbstractEventLoop) -> None:
    """Call the engine, in a thread; where it fails for several, each has a try of its own."""
    open_ = dict(enumerate(batch))

    def answered(place: int, result: Any) -> None:
        answer = open_.pop(place).answer
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(_deliver, answer, result)

    try:
        for place, result in batch[0].work.call([one.item for one in batch]):
            answered(place, result)
    except Exception as error:  # noqa: BLE001  # told to whoever asked
        for place, one in list(open_.items()):
            if len(batch) == 1:
                answered(place, error)
            else:
                _work([one], loop)


def _deliver(answer: asyncio.Future[Any], result: Any) -> None:
    if answer.done():  # whoever asked has left
        return
    if isinstance(result, Exception):
        answer.set_exception(result)
        answer.exception()  # told to whoever still waits; nobody else need hear of it
    else:
        answer.set_result(result)
