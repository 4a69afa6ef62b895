"""A process is told of SIGTERM and of Ctrl-C, of each one."""

import asyncio
import signal

import pytest

from runtime.process.stopping import on_stop, stop_event

SIGNALS = (signal.SIGTERM, signal.SIGINT)


@pytest.mark.parametrize("signum", SIGNALS)
async def test_either_signal_sets_the_event(signum: signal.Signals) -> None:
    stop = stop_event()
    assert not stop.is_set()
    signal.raise_signal(signum)
    async with asyncio.timeout(5):
        await stop.wait()


async def test_every_signal_is_told_so_that_a_second_one_may_hurry() -> None:
    told: asyncio.Queue[bool] = asyncio.Queue()
    on_stop(lambda: told.put_nowait(True))
    for signum in SIGNALS:
        signal.raise_signal(signum)
        async with asyncio.timeout(5):
            await told.get()
