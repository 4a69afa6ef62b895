"""An edge notices within a moment that the bus stores nothing any more, and that it does again."""

from __future__ import annotations

import asyncio
from typing import Any

from structlog.testing import capture_logs

from edge.door.limits.storage_monitor import BYTES, LIVES_S, StorageMonitor
from runtime.bus.connection import Bus
from schemas import subjects
from tests.nats_server import NatsServer


async def limit(bus: Bus, most_bytes: int) -> None:
    """Have the stream of the seats refuse messages of more than *most_bytes*; -1: none."""
    info = await bus.api(f"STREAM.INFO.{subjects.SEATS_STREAM}")
    wanted = {**info["config"], "max_msg_size": most_bytes}
    assert "error" not in await bus.api(f"STREAM.UPDATE.{subjects.SEATS_STREAM}", wanted)


async def check(monitor: StorageMonitor) -> list[Any]:
    with capture_logs() as logs:
        await asyncio.wait_for(monitor.check(), 2)
    return [one["event"] for one in logs]


async def test_a_store_that_refuses_is_told_once_and_so_is_its_return(bus: Bus) -> None:
    monitor = StorageMonitor(bus, "e")
    assert await check(monitor) == []
    assert monitor.stores
    await limit(bus, BYTES // 2)
    assert await check(monitor) == ["bus_stores_nothing"]
    assert not monitor.stores
    assert await check(monitor) == []
    await limit(bus, -1)
    assert await check(monitor) == ["bus_stores_again"]
    assert monitor.stores


async def test_each_edge_stores_one_block_which_is_soon_gone(bus: Bus) -> None:
    for edge in ("a", "b", "a"):
        await StorageMonitor(bus, edge).check()
    found = await bus.read(subjects.SEATS_STREAM, f"{subjects.SEATS}.disk.*")
    assert [(one.subject[-1], len(one.data)) for one in found] == [("b", BYTES), ("a", BYTES)]
    assert {one.headers["Nats-TTL"] for one in found} == {f"{LIVES_S}s"}


async def test_a_bus_that_is_away_is_no_full_disk(bus: Bus, nats_server: NatsServer) -> None:
    monitor = StorageMonitor(bus, "e")
    nats_server.kill()
    async with asyncio.timeout(20):
        while bus.connected:
            await asyncio.sleep(0.01)
    await check(monitor)
    assert monitor.stores
