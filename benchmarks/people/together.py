"""Trials a few at a time, with progress."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, TypeVar

T = TypeVar("T")
AT_ONCE = int(os.environ.get("AURA_BENCH_CALLS", "1"))
"""Calls at once: more are sooner done, and wait for one another on few cores."""


async def in_turn(
    trials: Sequence[Coroutine[Any, Any, T]], shown: Callable[[T], Any] = lambda one: one
) -> list[T]:
    """Return the results of *trials* in their order; each is printed as it ends."""
    free, done = asyncio.Semaphore(AT_ONCE), 0

    async def one(trial: Coroutine[Any, Any, T]) -> T:
        nonlocal done
        async with free:
            found = await trial
        done += 1
        print(f"  {done} of {len(trials)}: {shown(found)}", flush=True)
        return found

    return list(await asyncio.gather(*map(one, trials)))
