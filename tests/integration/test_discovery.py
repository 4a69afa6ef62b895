"""Aura's processes find each other on the bus, and nobody else's services."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import pytest
from nats import micro
from structlog.testing import capture_logs

from runtime.bus.calls import running
from runtime.bus.connection import Bus
from runtime.bus.discovery import ProcessStatus, announced, discover
from runtime.bus.errors import BusAwayError
from runtime.bus.tool_services import served_tools
from tests.nats_server import NatsServer


async def test_each_process_tells_what_it_is_and_how_it_is_now(bus: Bus) -> None:
    load: dict[str, Any] = {"in_flight": 1}
    async with (
        announced(bus, "stt", lambda: load) as first,
        announced(bus, "stt", dict) as second,
        announced(bus, "edge", lambda: {"calls": 3}) as edge,
    ):
        load["in_flight"] = 2
        found = await discover(bus)
        assert [(one.role, one.status) for one in found if one.id in {first, edge}] == [
            ("edge", ProcessStatus(calls=3)),
            ("stt", ProcessStatus(in_flight=2)),
        ]
        assert sorted(one.id for one in found if one.role == "stt") == sorted([first, second])
    assert await discover(bus, wait_s=0.05) == []


async def test_other_services_of_the_cluster_are_none_of_ours(bus: Bus) -> None:
    async def answer(request: micro.request.Request) -> None:
        await request.respond(b"")

    config = micro.service.ServiceConfig(name="billing", version="1.0.0", description="not ours")
    other = await micro.add_service(bus.nats_client, config)
    endpoint = micro.service.EndpointConfig(name="e", subject="billing", handler=answer)
    await other.add_endpoint(endpoint)

    async def nonsense(message: Any) -> None:
        for data in (b"", b"{}", b'{"name": "aura-x", "endpoints": []}', b'{"name": 1}', b"[]"):
            await bus.nats_client.publish(message.reply, data)

    strange = await bus.nats_client.subscribe("$SRV.STATS", cb=nonsense)
    async with announced(bus, "edge", dict) as own:
        assert [one.id for one in await discover(bus)] == [own]
    await strange.unsubscribe()
    await other.stop()


async def test_an_answer_of_another_form_is_logged_and_skipped_and_no_other_with_it(
    bus: Bus,
) -> None:
    def stt(id_: Any, data: Any) -> bytes:
        return msgspec.json.encode({"name": "aura-stt", "id": id_, "endpoints": [{"data": data}]})

    malformed = [stt("a", "busy"), stt("b", {"slots": "many"}), stt("c", [1]), stt(None, {})]

    async def answer(message: Any) -> None:
        for data in (*malformed, stt("d", None)):
            await bus.nats_client.publish(message.reply, data)

    strange = await bus.nats_client.subscribe("$SRV.STATS", cb=answer)
    async with announced(bus, "stt", lambda: {"slots": 4}) as own:
        with capture_logs() as logs:
            found = await discover(bus)
    await strange.unsubscribe()
    assert {one.id: one.status.slots for one in found} == {own: 4, "d": None}
    told = [line["why"] for line in logs if line["event"] == "service_answer_malformed"]
    assert len(told) == len(malformed)
    assert "$.data.slots" in told[1]


async def test_the_search_ends_with_the_silence_after_the_last_answer(bus: Bus) -> None:
    loop = asyncio.get_running_loop()
    async with announced(bus, "edge", dict):
        began_s = loop.time()
        assert len(await discover(bus, wait_s=5, silence_s=0.05)) == 1
        assert loop.time() - began_s < 4


async def test_a_process_can_be_asked_by_its_own_subject(bus: Bus) -> None:
    async with announced(bus, "stt", lambda: {"slots": 4}) as own:
        answer = await bus.nats_client.request(f"aura.srv.stt.{own}", b"", timeout=2)
    assert msgspec.json.decode(answer.data) == {"slots": 4}


async def test_a_bus_that_is_away_is_told_and_lets_processes_leave(
    bus: Bus, nats_server: NatsServer
) -> None:
    async with announced(bus, "edge", dict):
        nats_server.kill()
        async with asyncio.timeout(5):
            while bus.connected:
                await asyncio.sleep(0.01)
        for asked in (discover(bus), served_tools(bus), running(bus, "")):
            with pytest.raises(BusAwayError, match="the event bus is away"):
                await asked


async def test_a_bus_that_goes_away_while_its_processes_answer_is_told(
    bus: Bus, nats_server: NatsServer
) -> None:
    async with announced(bus, "edge", dict):
        asked = asyncio.create_task(discover(bus, wait_s=1))
        await asyncio.sleep(0.1)
        nats_server.kill()
        with pytest.raises(BusAwayError):
            await asked
