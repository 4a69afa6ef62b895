"""The same bus in a container: skipped, and said so, where no container engine answers.

`AURA_TEST_NATS_IMAGE` names an image with /nats-server in it; `.ci/run` imports one.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
from collections.abc import Iterator

import pytest

from deploy.nats_server import listens
from deploy.provision import provision
from runtime.bus.connection import connect
from runtime.bus.jobs import Job, Jobs
from runtime.settings import load
from schemas.events import SpeechStarted

IMAGE = os.environ.get("AURA_TEST_NATS_IMAGE", "")


def engine_answers() -> bool:
    docker = shutil.which("docker")
    if docker is None:
        return False
    try:
        done = subprocess.run([docker, "info"], capture_output=True, timeout=10, check=False)
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0


@pytest.fixture(scope="module")
def container_url() -> Iterator[str]:
    if not IMAGE:
        pytest.skip("AURA_TEST_NATS_IMAGE names no image: the container path is not exercised")
    if not engine_answers():
        pytest.skip("no container engine answers: the container path is not exercised")
    os.environ["TESTCONTAINERS_RYUK_DISABLED"] = "true"  # its helper image cannot be pulled here
    from testcontainers.core.container import DockerContainer  # noqa: PLC0415  # skipped above

    container = DockerContainer(IMAGE).with_command("/nats-server -js -a 0.0.0.0 -p 4222")
    with container.with_exposed_ports(4222) as running:
        port = int(running.get_exposed_port(4222))
        yield f"nats://127.0.0.1:{port}"


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # testcontainers' own
async def test_jobs_flow_over_a_bus_in_a_container(container_url: str) -> None:
    port = int(container_url.rpartition(":")[2])
    async with asyncio.timeout(20):
        while not listens(port):
            await asyncio.sleep(0.1)
    bus = await connect(load(nats_url=container_url), "test", wait_s=10)
    try:
        assert await provision(bus)
        assert await provision(bus) == []
        taken: list[Job] = []

        async def collect() -> None:
            async for job in jobs:
                taken.append(job)
                await job.done()

        async with Jobs(bus, "STT", slots=1) as jobs:
            collecting = asyncio.create_task(collect())
            await bus.publish(
                SpeechStarted(
                    tenant="t", session="s", at_ms=1, utterance=1, language="en", deadline_ms=0
                )
            )
            async with asyncio.timeout(5):
                while not taken:
                    await asyncio.sleep(0.01)
            assert isinstance(taken[0], Job)
            await jobs.drain()
            await collecting
    finally:
        await bus.close()
