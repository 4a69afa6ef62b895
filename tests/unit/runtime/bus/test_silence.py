"""Waiting for the answers of all who were asked."""

from __future__ import annotations

import asyncio

import pytest

from runtime.bus.silence import until_silent

LONG_S = 3600.0


async def answers(came: asyncio.Event, count: int) -> None:
    for _ in range(count):
        came.set()
        await asyncio.sleep(0)


async def test_after_the_last_answer_the_wait_ends() -> None:
    came = asyncio.Event()
    async with asyncio.timeout(60), asyncio.TaskGroup() as group:
        group.create_task(answers(came, 5))
        await until_silent(came, LONG_S, 0.001)


@pytest.mark.parametrize("silence_s", [None, 0.001, LONG_S])
async def test_without_an_answer_it_is_waited_to_the_end(silence_s: float | None) -> None:
    async with asyncio.timeout(60):
        await until_silent(asyncio.Event(), 0.001, silence_s)


async def test_without_a_silence_that_is_long_enough_it_is_waited_to_the_end() -> None:
    came = asyncio.Event()
    came.set()
    async with asyncio.timeout(60):
        await until_silent(came, 0.001, LONG_S)
