"""Unit tests wait in simulated time: hours are over at once, and threads are waited for."""

from __future__ import annotations

import asyncio
import threading

import pytest


async def test_a_day_is_over_at_once_and_what_is_due_comes_in_order() -> None:
    loop, came = asyncio.get_running_loop(), list[float]()
    for hours in (5, 1, 3):
        loop.call_later(hours * 3600, lambda: came.append(loop.time() / 3600))
    await asyncio.sleep(24 * 3600)
    assert came == pytest.approx([1, 3, 5])


async def test_a_thread_is_waited_for_although_a_limit_would_be_over_at_once() -> None:
    goes_on = threading.Event()
    async with asyncio.timeout(60):
        working = asyncio.create_task(asyncio.to_thread(goes_on.wait, 30))
        await asyncio.sleep(0)
        goes_on.set()
        assert await working


async def test_a_task_that_only_reads_the_clock_fails() -> None:
    now_s = asyncio.get_running_loop().time
    with pytest.raises(AssertionError, match="reads the clock without end"):
        next(now for now in iter(now_s, None) if now > 0)
