"""The configuration of an edge: named in events once it is stored, and stored again in doubt."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import msgpack
import pytest

from edge.call.config_store import ConfigStore
from runtime.bus.errors import BusAwayError, BusRefusedError
from runtime.bus.reader import Stored
from schemas import codec, named_config, subjects
from schemas import events as ev
from schemas.session_config import SessionConfig

CONFIG = SessionConfig().but({"response.system_prompt": "Be brief."})
HEAD: dict[str, Any] = {"tenant": "t", "session": "s", "at_ms": 1}
STARTED = ev.SessionStarted(
    **HEAD, user="u", protocol="d", edge="e", config=CONFIG.but({"language": "de"})
)
SUBJECT = subjects.config(named_config.name(CONFIG))


class ConfigStream:
    """A bus with the stream of configurations."""

    def __init__(self) -> None:
        self.stored: dict[str, bytes] = {}
        self.writes = 0
        self.is_away = self.is_small = False
        self.other_edge_is_first = False
        self.reconnected: list[Callable[[], None]] = []

    async def get(self, stream: str, request: dict[str, Any]) -> Stored | None:
        assert stream == subjects.CONFIGS_STREAM
        if self.is_away:
            raise BusAwayError("away")
        subject = request["last_by_subj"]
        data = self.stored.get(subject)
        return None if data is None else Stored(subject, 1, data, {}, "")

    async def store(self, subject: str, data: bytes, head: dict[str, str]) -> bool:
        assert not head
        self.writes += 1
        if self.is_away:
            raise BusAwayError("away")
        if self.is_small:
            raise BusRefusedError("too large")
        self.stored[subject] = data
        if self.other_edge_is_first:
            raise BusAwayError("no second message of this subject")
        return True


async def settled() -> None:
    """Let the other tasks run until they wait."""
    for _ in range(10):
        await asyncio.sleep(0)


@asynccontextmanager
async def keeping(bus: ConfigStream) -> AsyncIterator[ConfigStore]:
    store = ConfigStore(bus, CONFIG)
    task = asyncio.create_task(store.keep())
    await settled()
    yield store
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_before_it_is_stored_events_have_the_whole_configuration() -> None:
    bus = ConfigStream()
    assert ConfigStore(bus, CONFIG).encode(STARTED) == codec.encode(STARTED)


async def test_once_it_is_stored_events_have_its_hash_and_their_differences() -> None:
    bus = ConfigStream()
    async with keeping(bus) as store:
        assert bus.stored == {SUBJECT: codec.encode(CONFIG)}
        said = msgpack.unpackb(store.encode(STARTED))
    assert said["config_hash"] == named_config.name(CONFIG)
    assert said["config_changes"] == {"language": "de"}
    assert not {"config", "settings", "rules"} & said.keys()


async def test_other_events_are_as_they_are() -> None:
    other = ev.KeysPressed(**HEAD, keys="1")
    async with keeping(ConfigStream()) as store:
        assert store.stored
        assert store.encode(other) == codec.encode(other)


async def test_a_configuration_that_is_there_is_not_written_again() -> None:
    bus = ConfigStream()
    bus.stored[SUBJECT] = codec.encode(CONFIG)
    async with keeping(bus) as store:
        assert (store.stored, bus.writes) == (True, 0)


async def test_another_edge_may_be_first() -> None:
    bus = ConfigStream()
    bus.other_edge_is_first = True
    async with keeping(bus) as store:
        assert (store.stored, bus.writes) == (True, 1)


async def test_events_have_a_configuration_that_is_too_large_for_the_bus_to_store() -> None:
    bus = ConfigStream()
    bus.is_small = True
    async with keeping(bus) as store:
        assert not store.stored
        bus.is_small = False
        bus.reconnected[0]()
        await settled()
        assert store.stored


async def test_after_a_reconnect_it_is_looked_for_again() -> None:
    bus = ConfigStream()
    async with keeping(bus) as store:
        bus.stored.clear()  # another server
        (reconnected,) = bus.reconnected
        reconnected()
        assert not store.stored, "events have the whole configuration until it is known"
        await settled()
        assert store.stored
        assert list(bus.stored) == [SUBJECT]
    assert bus.reconnected == []


@pytest.mark.parametrize("comes_back", [False, True])
async def test_without_a_bus_events_stay_whole_until_it_comes_back(comes_back: bool) -> None:
    bus = ConfigStream()
    bus.is_away = True
    async with keeping(bus) as store:
        assert not store.stored
        bus.is_away = not comes_back
        bus.reconnected[0]()
        await settled()
        assert store.stored is comes_back
