"""Provisioning: what `nats/` says is what the server has, however often it is said."""

from __future__ import annotations

import pytest

from deploy.provision import ProvisionError, provision
from runtime.bus.connection import Bus, connect
from runtime.bus.errors import BusAwayError
from runtime.settings import load
from tests.nats_server import NatsServer


async def test_it_creates_all_once_and_changes_nothing_the_second_time(
    nats_server: NatsServer,
) -> None:
    bus = await connect(load(nats_url=nats_server.url), "test")
    first = await provision(bus)
    assert {line.split()[1] for line in first} == {
        *("AURA_EVENTS", "AURA_AUDIO", "AURA_RECORDING", "AURA_DEAD", "KV_AURA_SEATS"),
        *("STT", "LLM", "TTS"),
    }
    assert await provision(bus) == []
    await bus.close()


async def test_more_replicas_than_servers_is_said_with_the_setting(bus: Bus) -> None:
    with pytest.raises(ProvisionError, match="AURA_REPLICAS"):
        await provision(bus, replicas=3)


async def test_no_server_is_said_with_the_setting() -> None:
    with pytest.raises(BusAwayError, match="NATS_URL"):
        await connect(load(nats_url="nats://127.0.0.1:1"), "test", wait_s=0.5)
