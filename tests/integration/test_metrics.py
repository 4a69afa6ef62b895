"""Prometheus and health, on a port beside the work, of every role of a real `aura up`."""

from __future__ import annotations

import asyncio
import os
import signal
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.aura_process import SIMULATED, AuraProcess
from tests.caller import VOICE_MS, buzz, calling, silence
from tests.ports import free_ports

QUIET = "/ws/voice/continuous?token=demo_token&greeting=0&audio=chunks"
ROLES = ("edge", "stt", "llm", "tts")


def get(port: int, path: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


class Scrape(dict[str, float]):
    """Sample name with its labels, as Prometheus writes it, to its value."""

    def __init__(self, port: int) -> None:
        status, text = get(port, "/metrics")
        assert status == 200
        self.labels: set[str] = set()
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                self.labels |= set(sample.labels)
                labels = ",".join(f"{k}={v}" for k, v in sorted(sample.labels.items()))
                self[f"{sample.name}{{{labels}}}" if labels else sample.name] = sample.value


@pytest.fixture(scope="module")
def base() -> int:
    return free_ports(5)


@pytest.fixture(scope="module")
def aura(tmp_path_factory: pytest.TempPathFactory, base: int) -> Iterator[AuraProcess]:
    env = {**SIMULATED, "AURA_METRICS_PORT": str(base)}
    process = AuraProcess(tmp_path_factory.mktemp("metrics"), env=env)
    try:
        yield process.wait_until_ready()
    finally:
        process.stop()


async def test_a_turn_is_counted_by_the_edge_and_by_each_stage(
    aura: AuraProcess, base: int
) -> None:
    async with calling(aura.url, QUIET) as caller:
        await caller.speak(buzz(VOICE_MS) + silence(1500))
        await caller.until("ai_complete")
        edge = Scrape(base)
        assert edge["aura_edge_calls"] == 1
    assert edge["aura_edge_turns_total"] == 1
    assert edge["aura_bus_connected"] == 1
    assert edge["aura_edge_turn_step_seconds_count{step=first_sent}"] == 1
    assert 0.3 < edge["aura_edge_turn_step_seconds_sum{step=first_sent}"] < 5
    for number, stage in enumerate(ROLES[1:], 1):
        worker = Scrape(base + number)
        assert worker[f"aura_worker_jobs_total{{outcome=done,stage={stage}}}"] >= 1
        assert worker[f"aura_worker_queue_wait_seconds_count{{stage={stage}}}"] >= 1
        assert worker[f"aura_worker_job_seconds_count{{stage={stage}}}"] >= 1
        assert worker[f"aura_worker_slots{{stage={stage}}}"] >= 1
        assert worker[f"aura_worker_queue_depth{{stage={stage}}}"] == 0


def test_names_are_ours_and_no_label_tells_who_spoke(aura: AuraProcess, base: int) -> None:
    del aura
    for number in range(len(ROLES)):
        found = Scrape(base + number)
        ours = {name for name in found if not name.startswith(("process_", "python_"))}
        assert ours
        assert all(name.startswith("aura_") for name in ours)
        assert not found.labels & {"session", "user", "tenant", "turn"}


def test_every_role_is_alive_and_ready(aura: AuraProcess, base: int) -> None:
    del aura
    for number in range(len(ROLES)):
        assert get(base + number, "/health/live") == (200, '{"status": "alive"}')
        assert get(base + number, "/health/ready") == (200, '{"status": "ready"}')


def test_a_role_without_a_bus_is_alive_and_not_ready(aura: AuraProcess, base: int) -> None:
    server = aura.children()["nats-server"]
    os.kill(server, signal.SIGSTOP)
    try:
        until = time.monotonic() + 25
        while get(base, "/health/ready")[0] == 200 and time.monotonic() < until:
            time.sleep(0.2)
        assert get(base, "/health/ready")[0] == 503
        assert get(base, "/health/live")[0] == 200
        assert Scrape(base)["aura_bus_connected"] == 0
    finally:
        os.kill(server, signal.SIGCONT)


async def test_what_fails_is_counted_where_it_fails_and_where_it_is_told(tmp_path: Path) -> None:
    base = free_ports(5)
    env = {
        **SIMULATED,
        "AURA_METRICS_PORT": str(base),
        "AURA_SIM_FAIL": "raise",
        "AURA_GREETING": "This greeting is poison.",
    }
    aura = AuraProcess(tmp_path, env=env).wait_until_ready()
    try:
        async with calling(aura.url, "/ws/voice/continuous?token=demo_token") as caller:
            await caller.until("error")
        failed = "aura_worker_jobs_total{outcome=failed,stage=tts}"
        async with asyncio.timeout(10):  # the caller may know before the worker has counted it
            while (worker := Scrape(base + 3)).get(failed) != 1:
                await asyncio.sleep(0.05)
        edge = Scrape(base)
    finally:
        aura.stop()
    assert worker["aura_worker_jobs_total{outcome=retried,stage=tts}"] == 2
    assert worker["aura_worker_redeliveries_total{stage=tts}"] == 2
    assert edge["aura_edge_errors_total{fatal=false,stage=tts}"] == 1
