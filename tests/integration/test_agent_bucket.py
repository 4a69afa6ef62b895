"""The bucket of agents and the edges that watch it: ten thousand agents, and a restart."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from deploy.provision import provision
from edge.door.agents.agents import Agents
from edge.door.refusal import RefusedError
from runtime.agents import store
from runtime.agents.config_file import ConfigFileError
from runtime.bus.connection import Bus, connect
from runtime.bus.errors import FencedError
from runtime.settings import load
from schemas import subjects
from schemas.agent import AgentUsed
from tests.nats_server import NatsServer

TEXT = "prompt: |\n" + "  You are agent %d, on the phone, and answer in short sentences.\n" * 30


@asynccontextmanager
async def watching(bus: Bus) -> AsyncIterator[Agents]:
    agents = Agents(bus)
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(agents.watch())
        async with asyncio.timeout(30):
            await agents.read.wait()
        try:
            yield agents
        finally:
            task.cancel()


async def until(true: Callable[[], bool], seconds: float = 15) -> None:
    async with asyncio.timeout(seconds):
        while not true():
            await asyncio.sleep(0.01)


def text_of(agents: Agents, tenant: str, name: str) -> str:
    found = agents.table.find(tenant, name)
    return found.text if found else ""


async def test_the_same_text_is_no_new_revision_and_a_broken_one_is_none(bus: Bus) -> None:
    assert await store.apply(bus, "", "host", "prompt: one") == (1, True)
    assert await store.apply(bus, "", "host", "prompt: one") == (1, False)
    assert await store.apply(bus, "", "host", "prompt: two") == (2, True)
    with pytest.raises(ConfigFileError):
        await store.apply(bus, "", "host", "promt: three")
    assert [one.text for one in await store.history(bus, "", "host")] == [
        "prompt: one",
        "prompt: two",
    ]


async def test_of_two_operators_at_once_one_is_told(bus: Bus) -> None:
    await store.apply(bus, "", "host", "prompt: one")
    both = await asyncio.gather(
        store.apply(bus, "", "host", "prompt: two"),
        store.apply(bus, "", "host", "prompt: three"),
        return_exceptions=True,
    )
    assert [type(one) for one in both if isinstance(one, BaseException)] == [FencedError]


async def test_sixty_four_revisions_are_kept(bus: Bus) -> None:
    for number in range(70):
        await store.apply(bus, "acme", "host", f"prompt: p{number}")
    kept = await store.history(bus, "acme", "host")
    assert [one.text for one in (kept[0], kept[-1])] == ["prompt: p6", "prompt: p69"]
    with pytest.raises(store.NotAppliedError):
        await store.find(bus, "acme", "host", 1)


async def test_a_revision_is_found_by_its_own_tenant_alone(bus: Bus) -> None:
    number, _ = await store.apply(bus, "acme", "host", "prompt: acme's")
    shared, _ = await store.apply(bus, "", "host", "prompt: all's")
    assert (await store.find(bus, "acme", "host", number)).text == "prompt: acme's"
    assert (await store.find(bus, "other", "host", shared)).text == "prompt: all's"
    for tenant, name in (("other", "host"), ("", "host"), ("acme", "cook")):
        with pytest.raises(store.NotAppliedError):
            await store.find(bus, tenant, name, number)


async def test_an_edge_hears_of_changes_and_catches_up_after_a_restart(
    bus: Bus, nats_server: NatsServer
) -> None:
    await store.apply(bus, "acme", "host", "prompt: one")
    password = nats_server.url_of("edge").partition("//edge:")[2].partition("@")[0]
    own = load(
        nats_url=nats_server.bare_url, nats_user="edge", nats_password=password, _env_file=None
    )
    edge = await connect(own, "edge")
    try:
        async with watching(edge) as agents:
            assert text_of(agents, "acme", "host") == "prompt: one"
            await store.apply(bus, "acme", "host", "prompt: two")
            await until(lambda: text_of(agents, "acme", "host") == "prompt: two")
            nats_server.stop()
            nats_server.start()
            other = await connect(load(nats_url=nats_server.url, _env_file=None), "other")
            await store.apply(other, "acme", "host", "prompt: three")
            await store.apply(other, "", "cook", "prompt: new")
            await other.close()
            await until(lambda: text_of(agents, "acme", "host") == "prompt: three")
            await until(lambda: text_of(agents, "x", "cook") == "prompt: new")
            await until(lambda: bus.connected)
            await store.remove(bus, "", "cook")
            await until(lambda: text_of(agents, "x", "cook") == "")
    finally:
        await edge.close()


async def test_a_bucket_that_is_made_anew_is_read_anew(bus: Bus) -> None:
    for text in ("prompt: one", "prompt: two", "prompt: three"):
        await store.apply(bus, "acme", "host", text)
    await store.apply(bus, "acme", "cook", "prompt: cook")
    async with watching(bus) as agents:
        await bus.api(f"STREAM.DELETE.{subjects.AGENTS_STREAM}")
        await provision(bus)
        await store.apply(bus, "acme", "host", "prompt: new")
        await until(lambda: text_of(agents, "acme", "host") == "prompt: new")
        assert agents.table.find("acme", "cook") is None
        await store.apply(bus, "acme", "host", "prompt: newer")
        await until(lambda: text_of(agents, "acme", "host") == "prompt: newer")


async def test_changes_that_come_too_fast_are_read_all_the_same(bus: Bus) -> None:
    await store.apply(bus, "acme", "first", "prompt: one")
    async with watching(bus) as agents:
        assert len(agents.table) == 1
        missed = f"{subjects.AGENTS}.{subjects.agent_key('acme', 'missed')}"
        config = (await bus.api(f"STREAM.INFO.{subjects.AGENTS_STREAM}"))["config"]
        quiet = {**config, "republish": None}
        await bus.api(f"STREAM.UPDATE.{subjects.AGENTS_STREAM}", quiet)
        await bus.put(missed, "prompt: missed", 0)  # as if its mirror had been dropped
        await bus.api(f"STREAM.UPDATE.{subjects.AGENTS_STREAM}", config)
        await store.apply(bus, "acme", "heard", "prompt: heard")
        await until(lambda: text_of(agents, "acme", "missed") == "prompt: missed")


async def test_a_session_goes_on_with_its_revision_or_the_newest_or_is_told_to_try_again(
    bus: Bus, nats_server: NatsServer
) -> None:
    first, _ = await store.apply(bus, "acme", "host", "prompt: one")
    await store.apply(bus, "acme", "host", "prompt: two")
    async with watching(bus) as agents:
        found = await agents.recorded("acme", AgentUsed(name="host", revision=first))
        assert found.text == "prompt: one"
        found = await agents.recorded("acme", AgentUsed(name="host", revision=999))
        assert found.text == "prompt: two"
        with pytest.raises(RefusedError) as refused:
            await agents.recorded("acme", AgentUsed(name="gone", revision=first))
        assert refused.value.code == "AGENT_UNKNOWN"
        nats_server.stop()
        with pytest.raises(RefusedError) as refused:
            await agents.recorded("acme", AgentUsed(name="host", revision=first))
        assert (refused.value.code, refused.value.close) == ("BUS_AWAY", 1013)


async def test_ten_thousand_agents_are_known_soon_and_cost_a_call_nothing(bus: Bus) -> None:
    async def put(number: int) -> None:
        subject = f"{subjects.AGENTS}.{subjects.agent_key(f't{number % 100}', f'a{number}')}"
        await bus.put(subject, TEXT.replace("%d", str(number)), 0)

    async with watching(bus) as early:
        for start in range(0, 10_000, 200):
            await asyncio.gather(*map(put, range(start, start + 200)))
        await until(lambda: len(early.table) == 10_000)
    began = time.monotonic()
    async with watching(bus) as agents:
        assert time.monotonic() - began < 20
        assert len(agents.table) == 10_000
        began = time.process_time()
        for _ in range(1000):
            assert agents.table.find("t42", "a4242")
            assert agents.table.find("t42", "nobody") is None
        assert (time.process_time() - began) / 2000 < 0.001  # 2 us here; a scan would take 1 ms
