"""Tasks that end with a block of code, and whose errors are not lost.

A `TaskGroup` cancels its block when a task fails. These functions are for blocks that must go on
to their end, or that begin in one task and end in another.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable
from contextlib import asynccontextmanager, suppress
from typing import Any, TypeVar

import structlog

log = structlog.get_logger(__name__)
T = TypeVar("T")
CANCEL_RETRY_S = 1.0
"""The time after which a task that survived its cancellation is cancelled again."""
RESTART_S = 1.0
"""The time after which work that failed is started again."""


@asynccontextmanager
async def scoped_task(work: Coroutine[Any, Any, T]) -> AsyncIterator[asyncio.Task[T]]:
    """Run *work* while the block is open, and cancel it at the end of the block.

    An error of *work* is raised at the end of the block; if the block failed too, it is logged.
    """
    task = asyncio.create_task(work)
    try:
        yield task
    except BaseException:
        if fault := await _outcome(task):
            log.error("task_broken", exc_info=fault)
        raise
    if fault := await _outcome(task):
        try:
            raise fault
        finally:
            del fault, task  # else the error keeps this frame until garbage collection


async def restarting(work: Callable[[], Awaitable[None]], *, restart_s: float = RESTART_S) -> None:
    """Do *work* to its end; if it fails, log the error and start it again after *restart_s*."""
    while True:
        try:
            return await work()
        except Exception:  # it is logged, and the work starts again
            log.exception("task_broken", again_in_s=restart_s)
        await asyncio.sleep(restart_s)


async def shielded(work: Coroutine[Any, Any, T]) -> T:
    """Return the result of *work*, which always comes to its end.

    If the caller is cancelled, it waits for *work* and then raises; the result is lost.
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
    finally:
        del task  # as above


async def cancel(tasks: Iterable[asyncio.Task[Any]], *, retry_s: float = CANCEL_RETRY_S) -> None:
    """Cancel *tasks* and wait until they have ended.

    The cancellation is repeated after *retry_s* if needed: in Python 3.11, `asyncio.wait_for`,
    which nats-py uses, loses a cancellation that arrives together with its result.
    """
    running = set(tasks)
    while running:
        for task in running:
            task.cancel()
        _, running = await asyncio.wait(running, timeout=retry_s)


async def _outcome(task: asyncio.Task[T]) -> BaseException | None:
    """Cancel *task* if it still runs, and return its error, or None if it had none."""
    await cancel({task})
    return None if task.cancelled() else task.exception()
