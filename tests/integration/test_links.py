"""The link between Aura and its bus fails like networks do, by a proxy of ours."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import structlog

from benchmarks.soak.proxy import Proxy, proxied
from deploy.provision import provision
from runtime.bus.connection import Bus, connect
from runtime.settings import load
from schemas.events import TroubleTold
from tests.aura_process import SIMULATED, AuraProcess
from tests.caller import VOICE_MS, buzz, calling, silence
from tests.nats_server import NatsServer

QUIET = "/ws/voice/continuous?token=demo_token&greeting=0&audio=chunks"
BUSY_S = 3
"""So much later may be what happens on a busy machine."""


@pytest.fixture
async def proxy(nats_server: NatsServer) -> AsyncIterator[Proxy]:
    async with proxied(nats_server.port) as between:
        yield between


def through(proxy: Proxy, server: NatsServer) -> str:
    return server.url.replace(str(server.port), str(proxy.port))


@pytest.fixture
async def bus(proxy: Proxy, nats_server: NatsServer, tmp_path: Path) -> AsyncIterator[Bus]:
    bus = await connect(load(nats_url=through(proxy, nats_server), data_dir=tmp_path), "test")
    await provision(bus)
    yield bus
    await bus.close()


def event(number: int) -> TroubleTold:
    return TroubleTold(tenant="t", session="s", at_ms=number, stage="audio", reason="test")


async def test_a_link_that_went_half_open_is_noticed_and_another_one_made(
    proxy: Proxy, bus: Bus
) -> None:
    changes: list[tuple[bool, float]] = []
    began = time.monotonic()
    bus.liveness.changed.append(lambda away: changes.append((away, time.monotonic() - began)))
    proxy.freeze()
    await bus.publish(event(1), timeout_s=12)
    (away, noticed_s), (back, back_s) = changes
    assert (away, back) == (True, False)
    assert noticed_s < 3 + BUSY_S
    assert back_s < 8 + BUSY_S


async def test_a_callback_that_fails_ends_no_watch_and_keeps_nothing_from_the_others(
    proxy: Proxy, bus: Bus
) -> None:
    def breaks(*_: bool) -> None:
        raise KeyError("one call")

    changes: list[bool] = []
    reconnects: list[bool] = []
    bus.liveness.changed += [breaks, changes.append]
    bus.reconnected += [breaks, lambda: reconnects.append(True)]
    proxy.freeze()
    with structlog.testing.capture_logs() as logs:
        await bus.publish(event(1), timeout_s=12)
    assert changes == [True, False]
    assert reconnects == [True]
    assert [line["event"] for line in logs].count("callback_failed") == 3


async def test_a_dead_link_with_full_buffers_does_not_hold_us(proxy: Proxy, bus: Bus) -> None:
    """Closed kindly it would wait for its buffers to empty, which they never do."""
    proxy.freeze()
    for _ in range(100):
        await bus.send_raw("aura.part.s", bytes(1 << 17))
    began = time.monotonic()
    await bus.publish(event(2), timeout_s=12)
    assert time.monotonic() - began < 8


async def test_nothing_heaps_up_while_there_is_no_connection(proxy: Proxy, bus: Bus) -> None:
    """Neither messages nor lines of the log: the server is tried several times a second."""
    with structlog.testing.capture_logs() as logs:
        await proxy.refuse()
        async with asyncio.timeout(5):
            while bus.connected:
                await asyncio.sleep(0.01)
        sent = bus.nats_client.stats
        before = sent["out_msgs"]
        waiting = [asyncio.create_task(bus.publish(event(k), timeout_s=12)) for k in range(3, 23)]
        await asyncio.sleep(3)
        assert sent["out_msgs"] == before
    assert [one["event"] for one in logs].count("handler_failed") == 0
    assert [one["event"] for one in logs].count("bus_disconnected") == 1
    await proxy.listen_again()
    assert len(set(await asyncio.gather(*waiting))) == 20


async def test_callers_are_told_in_3_s_and_answered_2_s_after_it_is_back(
    proxy: Proxy, nats_server: NatsServer, tmp_path: Path
) -> None:
    env = {**SIMULATED, "NATS_URL": through(proxy, nats_server)}
    aura = await asyncio.to_thread(AuraProcess(tmp_path, env=env).wait_until_ready)
    try:
        async with calling(aura.url, QUIET) as caller:
            proxy.go_dark()
            gone = time.monotonic()
            await caller.until("error")
            assert time.monotonic() - gone < 3 + BUSY_S
            await caller.speak(silence(8000))
            proxy.light()
            back = time.monotonic()
            await asyncio.sleep(2)
            await caller.speak(buzz(VOICE_MS) + silence(400))
            await caller.until("ai_audio_chunk")
            assert time.monotonic() - back < 2 + VOICE_MS / 1000 + 2 + BUSY_S
            assert len(caller.told("error")) == 1
    finally:
        await asyncio.to_thread(aura.stop)
