"""A task that runs beside a block: it ends with the block, and its fault is not lost.

A `TaskGroup` cancels its block at the fault of a task. This is for work whose fault must let the
block come to its end, or whose block is entered in one task and left in another.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import structlog

log = structlog.get_logger(__name__)
T = TypeVar("T")


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


async def _ended(task: asyncio.Task[T]) -> BaseException | None:
    """Return the fault of *task*, which is cancelled if it still runs; None: it has none."""
    task.cancel()
    await asyncio.wait({task})
    return None if task.cancelled() else task.exception()
