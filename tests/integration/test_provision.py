"""Provisioning: what `nats/` says is what the server has, however often it is said."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest

from aura.cli.provision import apply, groups_of
from aura.cli.running import CommandError
from deploy import resources
from deploy.nats_server import file_bytes as room_in
from deploy.provision import ProvisionError, provision, sized
from runtime.bus.connection import Bus, connect
from runtime.bus.errors import BusAwayError
from runtime.settings import Settings, load
from schemas import subjects
from tests.aura_process import COMMAND
from tests.nats_server import NatsServer


async def test_it_creates_all_once_and_changes_nothing_the_second_time(
    nats_server: NatsServer,
) -> None:
    bus = await connect(load(nats_url=nats_server.url), "test")
    first = await provision(bus)
    assert {line.split()[1] for line in first} == {
        *("AURA_EVENTS", "AURA_AUDIO", "AURA_RECORDING", "AURA_DEAD", "AURA_CONFIGS"),
        *("KV_AURA_SEATS", "KV_AURA_AGENTS"),
        *("STT", "LLM", "TOOL", "TTS", "HOOK"),
    }
    assert await provision(bus) == []
    await bus.close()


async def test_more_replicas_than_servers_is_said_with_the_setting(bus: Bus) -> None:
    with pytest.raises(ProvisionError, match="AURA_REPLICAS"):
        await provision(bus, replicas=3)


async def test_no_server_is_said_with_the_setting() -> None:
    with pytest.raises(BusAwayError, match="NATS_URL"):
        await connect(load(nats_url="nats://127.0.0.1:1"), "test", wait_s=0.5)


async def test_what_an_operator_keeps_longer_is_never_shortened_unasked(bus: Bus) -> None:
    name = subjects.EVENTS_STREAM
    for limit, longer in (("max_age", 720 * 3600 * 10**9), ("max_age", 0)):
        config = (await bus.api(f"STREAM.INFO.{name}"))["config"]
        await bus.api(f"STREAM.UPDATE.{name}", {**config, limit: longer})
        (said,) = await provision(bus)
        assert "--force" in said
        assert (await bus.api(f"STREAM.INFO.{name}"))["config"][limit] == longer
    assert await provision(bus, force=True) == [f"stream {name} updated"]
    assert (await bus.api(f"STREAM.INFO.{name}"))["config"]["max_age"] == 72 * 3600 * 10**9


async def test_a_size_that_an_operator_has_raised_is_kept_before_it_is_used(bus: Bus) -> None:
    name = subjects.RECORDING_STREAM
    config = (await bus.api(f"STREAM.INFO.{name}"))["config"]
    for size in (config["max_bytes"] + 1_000_000, -1):
        await bus.api(f"STREAM.UPDATE.{name}", {**config, "max_bytes": size})
        for file_bytes in (None, 1 << 30):
            said = await provision(bus, file_bytes=file_bytes)
            assert any(name in line and "max_bytes" in line for line in said)
            assert (await bus.api(f"STREAM.INFO.{name}"))["config"]["max_bytes"] == size
    await provision(bus, force=True)
    assert (await bus.api(f"STREAM.INFO.{name}"))["config"]["max_bytes"] == config["max_bytes"]


async def test_the_command_shortens_nothing_without_force(bus: Bus, settings: Settings) -> None:
    name, longer = subjects.EVENTS_STREAM, 720 * 3600 * 10**9

    async def provisioned(*options: str) -> tuple[str, int]:
        """Run the command, and return what it said and how long the stream keeps events, ns."""
        env = {**os.environ, "NATS_URL": settings.nats_url}
        command = await asyncio.create_subprocess_exec(
            *COMMAND, "provision", *options, env=env, stdout=subprocess.PIPE
        )
        said, _ = await command.communicate()
        assert command.returncode == 0
        config = (await bus.api(f"STREAM.INFO.{name}"))["config"]
        return said.decode(), int(config["max_age"])

    config = (await bus.api(f"STREAM.INFO.{name}"))["config"]
    await bus.api(f"STREAM.UPDATE.{name}", {**config, "max_age": longer})
    said, kept = await provisioned()
    assert "--force" in said
    assert kept == longer
    said, kept = await provisioned("--force")
    assert said == f"stream {name} updated\n"
    assert kept == 72 * 3600 * 10**9


async def test_no_disk_however_small_costs_what_is_stored(bus: Bus) -> None:
    for number in range(200):
        await bus.store(f"aura.ev.t.s{number}.life", b"x" * 10_000, {})
    await provision(bus, file_bytes=1_000_000)
    info = await bus.api(f"STREAM.INFO.{subjects.EVENTS_STREAM}")
    assert info["state"]["messages"] == 200


@pytest.mark.parametrize("file_bytes", [480 << 20, 600_000_000, 1 << 30, 3 << 30, 8 << 30])
def test_the_streams_fit_together_on_every_disk(file_bytes: int) -> None:
    files = [one for one in resources.streams() if one["storage"] == "file"]
    sizes = {one["name"]: sized(one, file_bytes)["max_bytes"] for one in files}
    assert sum(sizes.values()) <= file_bytes
    assert sizes[subjects.EVENTS_STREAM] == min(4 << 30, file_bytes // 2)


async def test_a_disk_that_others_have_filled_does_not_keep_the_server_from_a_new_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = NatsServer(tmp_path)
    for free in (2 << 30, 600 << 20):
        monkeypatch.setattr(shutil, "disk_usage", lambda _, free=free: SimpleNamespace(free=free))
        server.start()
        async with await connect(load(nats_url=server.url), "test") as bus:
            await provision(bus, file_bytes=room_in(tmp_path))
            await bus.store(f"aura.ev.t.s{free}.life", b"x", {})
        server.stop()


def test_what_the_server_stores_itself_is_room_for_its_streams(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    free = 2 << 30
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=free))
    before = room_in(tmp_path)
    (tmp_path / "jetstream").mkdir()
    (tmp_path / "jetstream" / "1.blk").write_bytes(bytes(1 << 20))
    free -= 1 << 20
    assert room_in(tmp_path) == before


async def test_the_operator_makes_a_place_in_the_log_once(bus: Bus, settings: Settings) -> None:
    _, start = groups = groups_of(settings, [], "transcript.final", "theirs", "now")
    for _ in range(2):
        assert await apply(settings, *groups, force=False) == 0
    found = await bus.api(f"CONSUMER.INFO.{subjects.EVENTS_STREAM}.theirs")
    assert found["config"]["filter_subjects"] == ["aura.ev.*.*.heard"]
    assert start.policy == "new"


@pytest.mark.parametrize("wrong", [([], "transcript.final", ""), ([], "nonsense", "theirs")])
def test_a_place_that_cannot_be_made_is_said_in_one_line(
    settings: Settings, wrong: tuple[list[str], str, str]
) -> None:
    with pytest.raises(CommandError):
        groups_of(settings, *wrong, "now")
