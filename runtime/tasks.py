"""Tasks that are ended for certain; one beside a block ends with it, and its fault is not lost.

A `TaskGroup` cancels its block at the fault of a task. This is for work whose fault must let the
block come to its end, or whose block is entered in one task and left in another.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine, Iterable
from contextlib import asynccontextmanager, suppress
from typing import Any, TypeVar

import structlog

log = structlog.get_logger(__name__)
T = TypeVar("T")
AGAIN_S = 1.0
"""A task that still runs so long after its cancellation is cancelled again."""


@asynccontextmanager
async def beside(work: Coroutine[Any, Any, T]) -> AsyncIterator[asyncio.Task[T]]:
    """Run *work* while the block is open, and cancel it then if it still runs.

    A fault of *work* is raised as the block is left; where the block fails itself, it is logged.
    """
    task = asyncio.create_task(work)
    try:
        yield task
    except BaseException:
        if fault := await _ended(task):
            log.error("task_broken", exc_info=fault)
        raise
    if fault := await _ended(task):
        raise fault


async def completed(work: Coroutine[Any, Any, T]) -> T:
    """Return the result of *work*, which always comes to its end.

    Where the caller is cancelled, that is raised after it: the result of *work* is lost then.
    """
    task = asyncio.create_task(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        while not task.done():
            with suppress(asyncio.CancelledError):
                await asyncio.wait({task})
        if not task.cancelled() and (fault := task.exception()):
            log.error("task_broken", exc_info=fault)
        raise


async def cancel(tasks: Iterable[asyncio.Task[Any]]) -> None:
    """Cancel *tasks* and wait until they have ended.

    A cancellation that meets the result of `asyncio.wait_for`, which nats-py waits with, is lost in
    Python 3.11: it is repeated.
    """
    running = set(tasks)
    while running:
        for task in running:
            task.cancel()
        _, running = await asyncio.wait(running, timeout=AGAIN_S)


async def _ended(task: asyncio.Task[T]) -> BaseException | None:
    """Return the fault of *task*, which is cancelled if it still runs; None: it has none."""
    await cancel({task})
    return None if task.cancelled() else task.exception()
