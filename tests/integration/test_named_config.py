"""The operator's configuration is stored once; events name it, and their readers find it whole."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from urllib.parse import urlsplit

import pytest

from edge.call.config_store import ConfigStore
from runtime.bus.connection import Bus, connect
from runtime.bus.errors import BusAwayError
from runtime.sessions import transfer
from runtime.sessions.file import pack, unpack
from runtime.sessions.finding import decoded
from runtime.settings import Settings, load
from runtime.tasks import scoped_task
from schemas import codec, named_config, subjects
from schemas.events import Head, SessionStarted
from schemas.session_config import SessionConfig
from tests.nats_server import NatsServer

CONFIG = SessionConfig().but({"response.system_prompt": "Be brief. " * 30})
HEAD: Head = {"tenant": "t", "session": "s", "at_ms": 1}
OURS = CONFIG.but({"language": "de", "turns.silence_ms": 900})
STARTED = SessionStarted(**HEAD, user="u", protocol="d", edge="e", config=OURS)


@asynccontextmanager
async def kept(store: ConfigStore) -> AsyncIterator[ConfigStore]:
    async with scoped_task(store.keep()):
        async with asyncio.timeout(20):
            while not store.stored:
                await asyncio.sleep(0.01)
        yield store


def as_role(server: NatsServer, role: str) -> Settings:
    password = urlsplit(server.url_of(role)).password or ""
    return load(nats_url=server.bare_url, nats_user=role, nats_password=password, _env_file=None)


async def configs(bus: Bus) -> int:
    info = await bus.api(f"STREAM.INFO.{subjects.CONFIGS_STREAM}")
    return int(info["state"]["messages"])


async def test_edges_with_the_same_configuration_store_it_once(bus: Bus) -> None:
    async with kept(ConfigStore(bus, CONFIG)), kept(ConfigStore(bus, CONFIG)):
        assert await configs(bus) == 1
    async with kept(ConfigStore(bus, CONFIG.but({"language": "fr"}))):
        assert await configs(bus) == 2


async def test_what_is_stored_cannot_be_overwritten(bus: Bus) -> None:
    async with kept(ConfigStore(bus, CONFIG)):
        subject = subjects.config(named_config.name(CONFIG))
        with pytest.raises(BusAwayError):
            await bus.store(subject, codec.encode(OURS), {})
        stored = await bus.get(subjects.CONFIGS_STREAM, {"last_by_subj": subject})
    assert stored is not None
    assert stored.data == codec.encode(CONFIG)


async def test_who_reads_a_session_or_its_file_finds_its_configuration_whole(bus: Bus) -> None:
    async with kept(ConfigStore(bus, CONFIG)) as store:
        await bus.publish(STARTED, store.encode(STARTED))
    (bare,) = await bus.read(subjects.EVENTS_STREAM, subjects.event(STARTED))
    assert len(bare.data) * 5 < len(codec.encode(STARTED))
    assert decoded(await bus.session_events("s")) == [STARTED]
    taken = await transfer.export(bus, "s")
    assert taken is not None
    assert decoded(unpack(pack(taken)).events) == [STARTED]


async def test_a_file_that_comes_in_needs_no_configuration_there(bus: Bus) -> None:
    async with kept(ConfigStore(bus, CONFIG)) as store:
        await bus.publish(STARTED, store.encode(STARTED))
    taken = await transfer.export(bus, "s")
    assert taken is not None
    await transfer.forget(bus, [("t", "s")])
    await bus.api(f"STREAM.PURGE.{subjects.CONFIGS_STREAM}", {})
    await transfer.store(bus, unpack(pack(taken)))
    assert decoded(await bus.session_events("s")) == [STARTED]


async def test_a_subscriber_is_handed_it_whole(bus: Bus, nats_server: NatsServer) -> None:
    async with kept(ConfigStore(bus, CONFIG)) as store:
        event = codec.decode(store.encode(STARTED))
    assert event != STARTED
    assert await bus.configurations.in_event(event) == STARTED
    await bus.api(f"STREAM.PURGE.{subjects.CONFIGS_STREAM}", {})
    async with await connect(load(nats_url=nats_server.url, _env_file=None), "other") as other:
        assert await other.configurations.in_event(event) == event  # and claims no defaults


async def test_where_it_cannot_be_stored_events_hold_it_as_before(bus: Bus) -> None:
    await bus.api(f"STREAM.DELETE.{subjects.CONFIGS_STREAM}")
    store = ConfigStore(bus, CONFIG)
    async with scoped_task(store.keep()):
        await asyncio.sleep(1.5)
        assert not store.stored
        assert codec.decode(store.encode(STARTED)) == STARTED


async def test_it_is_stored_again_on_a_server_that_lost_it(
    bus: Bus, nats_server: NatsServer
) -> None:
    async with kept(ConfigStore(bus, CONFIG)):
        await bus.api(f"STREAM.PURGE.{subjects.CONFIGS_STREAM}", {})
        nats_server.stop()
        async with asyncio.timeout(20):
            while bus.connected:
                await asyncio.sleep(0.01)
        nats_server.start()
        found = 0
        async with asyncio.timeout(20):
            while not found:
                await asyncio.sleep(0.05)
                with suppress(BusAwayError, KeyError):  # it is just starting
                    found = await configs(bus)
        assert found == 1


async def test_one_that_is_gone_is_no_other_one(bus: Bus) -> None:
    store = ConfigStore(bus, CONFIG)
    store.stored = True
    await bus.publish(STARTED, store.encode(STARTED))
    (event,) = decoded(await bus.session_events("s"))
    assert isinstance(event, SessionStarted)
    assert event.names_config


@pytest.mark.parametrize("role", ["edge", "analytics", "shadow"])
async def test_who_writes_or_reads_events_may_read_it(
    bus: Bus, nats_server: NatsServer, role: str
) -> None:
    async with (
        kept(ConfigStore(bus, CONFIG)) as store,
        await connect(as_role(nats_server, role), role) as theirs,
    ):
        event = codec.decode(store.encode(STARTED))
        assert await theirs.configurations.in_event(event) == STARTED


async def test_an_edge_may_store_it(bus: Bus, nats_server: NatsServer) -> None:
    async with (
        await connect(as_role(nats_server, "edge"), "edge") as edge,
        kept(ConfigStore(edge, CONFIG)),
    ):
        assert await configs(bus) == 1
