"""The port for Prometheus and orchestrators: what it serves, and a port that is taken."""

from __future__ import annotations

import socket

import aiohttp
import pytest

from runtime.process.metrics import BUS, INFO, Condition, served
from runtime.process.metrics_port import serving
from runtime.process.version import version
from runtime.settings import Settings, SettingsError, load
from tests.ports import free_ports


@pytest.fixture
def settings() -> Settings:
    return load(_env_file=None, metrics_port=free_ports(), metrics_host="127.0.0.1")


async def get(settings: Settings, path: str) -> tuple[int, str]:
    url = f"http://127.0.0.1:{settings.metrics_port}{path}"
    async with aiohttp.ClientSession() as http, http.get(url) as answer:
        return answer.status, await answer.text()


async def test_an_orchestrator_is_told_whether_a_process_is_ready_and_alive(
    settings: Settings,
) -> None:
    condition = Condition()
    async with serving(settings, condition):
        assert await get(settings, "/health/ready") == (503, '{"status": "not ready"}')
        assert await get(settings, "/health/live") == (200, '{"status": "alive"}')
        condition.ready, condition.alive = lambda: True, lambda: False
        assert await get(settings, "/health/ready") == (200, '{"status": "ready"}')
        assert await get(settings, "/health/live") == (503, '{"status": "hung"}')
    with pytest.raises(aiohttp.ClientConnectionError):
        await get(settings, "/health/live")


async def test_prometheus_reads_the_metrics_and_what_runs(settings: Settings) -> None:
    async with served(settings, "edge") as condition:
        BUS.set(1)
        status, text = await get(settings, "/metrics")
        condition.ready = lambda: True
        assert (await get(settings, "/health/ready"))[0] == 200
    assert status == 200
    assert "aura_bus_connected 1.0" in text
    assert f'aura_build_info{{role="edge",version="{version()}"}} 1.0' in text


async def test_without_a_port_nothing_is_served_and_metrics_are_kept(settings: Settings) -> None:
    without = settings.model_copy(update={"metrics_port": 0})
    async with served(without, "stt") as condition:
        assert (condition.ready(), condition.alive()) == (False, True)
    assert INFO.labels("stt", version())._value.get() == 1


async def test_a_port_that_is_taken_is_an_error_that_names_the_setting(settings: Settings) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", settings.metrics_port))
        taken.listen()
        with pytest.raises(SettingsError, match=f"AURA_METRICS_PORT {settings.metrics_port} on"):
            async with serving(settings, Condition()):
                pass
