"""Runs blocking engines in a fixed number of threads beside the event loop, urgent work first.

`engine_queue.py` decides which items a free thread takes, and which of them share one run.
"""

import asyncio
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar

from workers.engines.errors import EngineError
from workers.executor.engine_limit import engine_limit_s, waits
from workers.executor.engine_queue import EngineQueue, QueueEntry
from workers.executor.fair_share import Owner
from workers.loop.job_target import EngineHungError

_T = TypeVar("_T")


@dataclass(frozen=True)
class BatchWork:
    """Work that an engine does faster for several items in one run."""

    run: Callable[[Sequence[Any]], Iterable[tuple[int, Any]]]
    """Takes items and yields (index, result or exception), each as soon as it is known."""
    kind: object
    """Items of equal kind may share a batch."""
    most_items: int
    """Size limit of a batch."""


@dataclass(eq=False)
class _QueuedItem:
    """An item that waits for a thread or is in one."""

    work: BatchWork
    item: Any
    audio_s: float
    limit_s: float = 0.0
    """The time limit of its run, set at the start."""
    begun: asyncio.Event = field(default_factory=asyncio.Event)
    """Set at the start of its run."""
    result: asyncio.Future[Any] = field(default_factory=asyncio.Future)


class EngineExecutor:
    """Runs an engine in *threads* threads; other items wait, by rank and the share of their owner.

    A run has hung if it takes longer than *limit_s* plus half the length of its audio, unless the
    process is short of CPU time (`workers/executor/engine_limit.py`).
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
        self._queue: EngineQueue[_QueuedItem] = EngineQueue(threads)

    @property
    def waiting(self) -> int:
        return len(self._queue)

    @property
    def wait_ms(self) -> int:
        """Return the longest wait of an urgent item (rank 0) for the work of other owners."""
        since_s = self._queue.urgent_since_s
        return 0 if since_s is None else int((self._clock() - since_s) * 1000)

    async def run(
        self,
        function: Callable[..., _T],
        *args: Any,
        rank: int = 0,
        owner: Owner = (),
        audio_s: float = 0.0,
    ) -> _T:
        """Return the result of *function* for *owner*; a smaller *rank* goes first.

        Raises:
            EngineHungError: the run took longer than the limit; its thread is lost.
        """

        def alone(_: Sequence[Any]) -> Iterator[tuple[int, _T]]:
            yield 0, function(*args)

        work = BatchWork(alone, object(), 1)
        result: _T = await self.run_batched(work, None, rank=rank, owner=owner, audio_s=audio_s)
        return result

    async def run_batched(
        self,
        work: BatchWork,
        item: Any,
        *,
        rank: int = 0,
        owner: Owner = (),
        audio_s: float = 0.0,
    ) -> Any:
        """Return the result of *work* for *item*, which may share a run with others of its kind.

        *audio_s*: the length of its audio.

        Raises:
            EngineHungError: the run took longer than the limit; its thread is lost.
        """
        queued = _QueuedItem(work, item, audio_s)
        entry = QueueEntry(rank, owner, audio_s, work.kind, work.most_items, since_s=self._clock())
        self._queue.add(queued, entry)
        self._fill()
        try:
            await queued.begun.wait()
            # A thread cannot be stopped: a cancelled task only drops its result.
            for limit_s in waits(queued.limit_s, time.process_time):
                done, _ = await asyncio.wait({queued.result}, timeout=limit_s)
                if done:
                    return queued.result.result()
        finally:
            if not queued.begun.is_set():
                self._queue.remove(queued)
            queued.result.cancel()
        raise EngineHungError

    def _fill(self) -> None:
        """Give free threads to waiting items."""
        loop = asyncio.get_running_loop()
        while batch := self._queue.next_batch():
            limit_s = engine_limit_s(self._limit_s, (queued.audio_s for queued in batch))
            for queued in batch:
                queued.limit_s = limit_s
                queued.begun.set()
            done = loop.run_in_executor(self._pool, _work, batch, loop)
            done.add_done_callback(partial(self._leave_thread, batch))

    def _leave_thread(self, batch: list[_QueuedItem], done: asyncio.Future[None]) -> None:
        self._queue.ended(batch, self._clock())
        self._fill()
        if not done.cancelled():
            done.result()  # raises faults of Aura; those of an engine are results of items


def _work(batch: list[_QueuedItem], loop: asyncio.AbstractEventLoop) -> None:
    """Run the engine in a thread; if it fails for a batch, run it for each item alone."""
    unanswered = dict(enumerate(batch))

    def answer(index: int, result: Any) -> None:
        future = unanswered.pop(index).result
        with suppress(RuntimeError):  # the loop is closed
            loop.call_soon_threadsafe(_deliver, future, result)

    try:
        for index, result in batch[0].work.run([queued.item for queued in batch]):
            answer(index, result)
    except Exception as error:  # noqa: BLE001  # raised where the result is awaited
        for index, queued in list(unanswered.items()):
            if len(batch) == 1:
                answer(index, error)
            else:
                _work([queued], loop)
    else:
        for index in list(unanswered):
            answer(index, EngineError("the engine gave no result"))


def _deliver(future: asyncio.Future[Any], result: Any) -> None:
    if future.done():  # its task was cancelled
        return
    if isinstance(result, Exception):
        future.set_exception(result)
        future.exception()  # marked as seen, so that asyncio does not log it
    else:
        future.set_result(result)
