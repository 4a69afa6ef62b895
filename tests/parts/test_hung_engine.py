"""Whoever waits for an engine that hangs is told, after its limit and half a second."""

from __future__ import annotations

import threading

import pytest

from tests.unit.workers.executor.test_engine_executor import Reader, busy
from workers.executor.engine_executor import EngineExecutor
from workers.loop.job_target import EngineHungError


async def test_an_engine_that_does_not_come_back_is_told_of() -> None:
    executor, gate = EngineExecutor(1, limit_s=0.01), threading.Event()
    with pytest.raises(EngineHungError):
        await executor.run(gate.wait)
    gate.set()


async def test_all_of_a_batch_are_told_that_the_engine_hangs() -> None:
    executor, reader = EngineExecutor(1, limit_s=0.01), Reader()
    (first, *_) = await busy(executor, reader)
    with pytest.raises(EngineHungError):
        await first
    reader.gate.set()
