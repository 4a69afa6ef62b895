"""A bus for each test that asks for one: for the conftest files of tests with a nats-server."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from deploy.provision import provision
from runtime.bus.connection import Bus, connect
from runtime.settings import Settings, load
from tests.nats_server import NatsServer


@pytest.fixture
def nats_server(tmp_path: Path) -> Iterator[NatsServer]:
    server = NatsServer(tmp_path / "nats")
    server.start()
    yield server
    server.stop()


@pytest.fixture
def settings(nats_server: NatsServer, tmp_path: Path) -> Settings:
    return load(nats_url=nats_server.url, data_dir=tmp_path / "aura", _env_file=None)


@pytest.fixture
async def bus(settings: Settings) -> AsyncIterator[Bus]:
    """A connection to a provisioned server."""
    bus = await connect(settings, "test")
    await provision(bus)
    yield bus
    await bus.close()
