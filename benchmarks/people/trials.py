"""Runs trials a few at a time, with progress; a refused call is tried again."""

import asyncio
import os
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar

T = TypeVar("T")
AT_ONCE = int(os.environ.get("AURA_BENCH_CALLS", "1"))
"""Calls at once: with more the trials end sooner, but delay each other on few cores."""
TRIES, AGAIN_S = 4, 8.0
"""How often a call is tried that a busy edge closes, and the pause between two tries."""


async def in_turn(
    trials: Sequence[Callable[[], Awaitable[T]]], shown: Callable[[T], Any] = lambda result: result
) -> list[T]:
    """Return the results of *trials* in their order; each is printed as it ends."""
    free, done = asyncio.Semaphore(AT_ONCE), 0

    async def run_trial(trial: Callable[[], Awaitable[T]]) -> T:
        nonlocal done
        async with free:
            result = await _tried(trial)
        done += 1
        print(f"  {done} of {len(trials)}: {shown(result)}", flush=True)
        return result

    return list(await asyncio.gather(*map(run_trial, trials)))


async def _tried(trial: Callable[[], Awaitable[T]]) -> T:
    for _ in range(TRIES - 1):
        try:
            return await trial()
        except ConnectionError as error:
            print(f"  again in {AGAIN_S:g} s: {error}", flush=True)
            await asyncio.sleep(AGAIN_S)
    return await trial()
