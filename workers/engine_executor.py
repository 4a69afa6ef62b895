"""Blocking engines behind the event loop: a fixed number of threads, urgent work first.

`workers/engine_queue.py` decides what a free thread takes, and which items share one call.
"""

import asyncio
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, TypeVar

from workers.call_limit import call_limit_s, waits
from workers.engine_queue import EngineQueue, Place
from workers.engines.errors import EngineError
from workers.fair_share import Owner
from workers.stage import EngineHungError

_T = TypeVar("_T")


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

    work: Together
    item: Any
    audio_s: float
    limit_s: float = 0.0
    """The limit of its call, once that has begun."""
    begun: asyncio.Event = field(default_factory=asyncio.Event)
    """Set at the start of its call."""
    answer: asyncio.Future[Any] = field(default_factory=asyncio.Future)


class EngineExecutor:
    """Calls an engine in *threads* at once; other items wait, by rank and the share of their owner.

    A call that takes longer than *limit_s* and half its audio's length together has hung, unless
    the process works and got little of the CPU.
    """

    def __init__(
        self,
        threads: int,
        *,
        limit_s: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Take *clock*, which returns seconds."""
        self.threads = threads
        self._clock = clock
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="engine")
        self._limit_s = limit_s
        self._queue: EngineQueue[_Asked] = EngineQueue(threads)

    @property
    def waiting(self) -> int:
        return len(self._queue)

    @property
    def wait_ms(self) -> int:
        """Return the wait of the oldest urgent item (rank 0) for a thread."""
        since_s = self._queue.urgent_since_s
        return 0 if since_s is None else int((self._clock() - since_s) * 1000)

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
        asked = _Asked(work, item, audio_s)
        place = Place(rank, owner, audio_s, work.kind, work.most, since_s=self._clock())
        self._queue.add(asked, place)
        self._fill()
        try:
            await asked.begun.wait()
            # A thread cannot be stopped: a cancelled task only drops its result.
            for limit_s in waits(asked.limit_s, time.process_time):
                done, _ = await asyncio.wait({asked.answer}, timeout=limit_s)
                if done:
                    return asked.answer.result()
        finally:
            if not asked.begun.is_set():
                self._queue.remove(asked)
            asked.answer.cancel()
        raise EngineHungError

    def _fill(self) -> None:
        """Give free threads to waiting items."""
        loop = asyncio.get_running_loop()
        while batch := self._queue.next_batch():
            limit_s = call_limit_s(self._limit_s, (asked.audio_s for asked in batch))
            for asked in batch:
                asked.limit_s = limit_s
                asked.begun.set()
            done = loop.run_in_executor(self._pool, _work, batch, loop)
            done.add_done_callback(self._leave_thread)

    def _leave_thread(self, done: asyncio.Future[None]) -> None:
        self._queue.thread_became_free()
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
    else:
        for index in list(unanswered):
            answer(index, EngineError("the engine gave no result"))


def _deliver(answer: asyncio.Future[Any], result: Any) -> None:
    if answer.done():  # its task was cancelled
        return
    if isinstance(result, Exception):
        answer.set_exception(result)
        answer.exception()  # marked as seen, so that asyncio does not log it
    else:
        answer.set_result(result)
