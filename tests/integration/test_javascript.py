"""The subscriber in JavaScript, as its reader would run it: Node, npm, and the bus."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest

from runtime.bus.connection import Bus
from runtime.settings import Settings
from schemas import generate
from schemas.events import TranscriptFinal, TurnMeasured, tag
from tests.at_work import until_all_done
from tests.integration.subscriber_place import as_user, make_places

EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "subscriber.mjs"
PACKAGES = ("@nats-io/transport-node@3", "@nats-io/jetstream@3", "@msgpack/msgpack@3")
WHOSE: dict[str, Any] = {"tenant": "acme", "session": "s", "at_ms": 1_700_000_000_000}

needs_node = pytest.mark.skipif(
    not (shutil.which("node") and shutil.which("npm")),
    reason="NOT TESTED HERE: the JavaScript subscriber needs node and npm (apt-get install npm)",
)


def words(number: int) -> TranscriptFinal:
    return TranscriptFinal(
        **WHOSE, utterance=number, text="Grüße.", confidence=0.5, audio_ms=1, took_ms=1.5, model="m"
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("javascript")
    (place / "package.json").write_text("{}", encoding="utf-8")
    npm = str(shutil.which("npm"))
    done = subprocess.run(
        [npm, "install", "--no-audit", "--no-fund", "--ignore-scripts", *PACKAGES],
        cwd=place,
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    if done.returncode:
        pytest.skip(f"NOT TESTED HERE: npm cannot install: {done.stderr.splitlines()[-1:]}")
    shutil.copy(EXAMPLE, place / "subscriber.mjs")
    return place


async def start(folder: Path, settings: Settings, **env: str) -> asyncio.subprocess.Process:
    await make_places(
        *(settings, "--events", "transcript.final", "--group", env.get("GROUP", "javascript")),
        *("--from", "beginning" if env.get("FROM") == "all" else "now"),
    )
    ours = as_user(settings)
    user = {name.removeprefix("AURA_"): value for name, value in ours.items()}
    process = await asyncio.create_subprocess_exec(
        str(shutil.which("node")),
        *("subscriber.mjs", "transcript.final"),
        cwd=folder,
        env={**os.environ, **user, **env},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stderr
    async with asyncio.timeout(20):
        line = await process.stderr.readline()
    assert line == b"ready\n", line + await process.stderr.read()
    return process


async def read(process: asyncio.subprocess.Process, count: int) -> list[dict[str, object]]:
    assert process.stdout
    async with asyncio.timeout(60):
        return [json.loads(await process.stdout.readline()) for _ in range(count)]


@needs_node
async def test_it_prints_events_and_goes_on_where_it_was_killed(
    bus: Bus, settings: Settings, folder: Path
) -> None:
    process = await start(folder, settings)
    await bus.publish(TurnMeasured(**WHOSE, turn=1))
    for number in range(50):
        await bus.publish(words(number))
    got = await read(process, 50)
    assert [event["utterance"] for event in got] == list(range(50))
    assert got[0] == {
        "type": "transcript.final", **WHOSE, "utterance": 0, "text": "Grüße.", "confidence": 0.5,
        "audio_ms": 1, "took_ms": 1.5, "model": "m",
    }  # fmt: skip
    await until_all_done(bus, "javascript")
    process.send_signal(signal.SIGKILL)
    await process.wait()
    for number in range(50, 100):
        await bus.publish(words(number))
    again = await start(folder, settings)
    # the server may send the first of them to the killed program, and again only after 30 s
    assert {event["utterance"] for event in await read(again, 50)} == set(range(50, 100))
    again.terminate()
    assert await asyncio.wait_for(again.wait(), 30) == 0


@needs_node
async def test_a_group_of_its_own_begins_at_the_beginning(
    bus: Bus, settings: Settings, folder: Path
) -> None:
    await bus.publish(words(1))
    process = await start(folder, settings, GROUP="other", FROM="all")
    assert (await read(process, 1))[0]["utterance"] == 1
    process.terminate()
    assert await asyncio.wait_for(process.wait(), 30) == 0


def test_the_kinds_in_the_example_are_those_of_the_contract() -> None:
    listed = dict(re.findall(r'"([a-z.]+)": "([a-z]+)"', EXAMPLE.read_text(encoding="utf-8")))
    for kind in generate.event_types():
        assert listed.get(tag(kind), "life") == kind.KIND
