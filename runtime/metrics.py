"""The port of AURA_METRICS_PORT: `/metrics` for Prometheus, `/health/live` and `/health/ready`.

Every role serves it. Names begin with `aura_`, times are in seconds, sizes in bytes; no label holds
a session, a user or a word.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import structlog
from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, Gauge, generate_latest

from runtime.settings import Settings, SettingsError
from runtime.version import version

log = structlog.get_logger(__name__)

STEPS_S = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.7, 1.0, 1.5, 2.0, 3.0, 5.0, 8.0, 15.0)
"""Buckets of the time that a caller waits."""
WORK_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.4, 0.8, 1.5, 3.0, 6.0, 12.0, 30.0)
"""Buckets of the time that a worker takes."""

BUS = Gauge("aura_bus_connected", "1 while this process has a connection to NATS.")
INFO = Gauge("aura_build_info", "Always 1; the labels say what runs here.", ["role", "version"])


class Condition:
    """The health of this process, for an orchestrator; the role sets both checks."""

    def __init__(self) -> None:
        self.ready: Callable[[], bool] = lambda: False
        """Whether to send work to this process."""
        self.alive: Callable[[], bool] = lambda: True
        """False: replace this process."""


@asynccontextmanager
async def served(settings: Settings, role: str) -> AsyncIterator[Condition]:
    """Serve the port until the block is left; yield the condition that the role sets.

    Raises:
        SettingsError: the port is taken.
    """
    condition = Condition()
    INFO.labels(role, version()).set(1)
    if not settings.metrics_port:
        yield condition
        return
    runner = web.AppRunner(
        _application(condition),
        access_log=None,
        handle_signals=False,
        keepalive_timeout=settings.http_timeout_s,
    )
    await runner.setup()
    try:
        host, port = settings.metrics_host, settings.metrics_port
        try:
            await web.TCPSite(runner, host, port).start()
        except OSError as error:
            raise SettingsError(
                f"AURA_METRICS_PORT {port} on {host} cannot be used: {error.strerror}. "
                "Each process on a machine needs one of its own; 0 serves none."
            ) from error
        log.info("metrics_served", host=host, port=port)
        yield condition
    finally:
        await runner.cleanup()


def _application(condition: Condition) -> web.Application:
    async def metrics(_: web.Request) -> web.Response:
        body = await asyncio.to_thread(generate_latest)
        return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE_LATEST})

    async def live(_: web.Request) -> web.Response:
        return _say(condition.alive(), "alive", "hung")

    async def ready(_: web.Request) -> web.Response:
        return _say(condition.ready(), "ready", "not ready")

    app = web.Application()
    app.router.add_get("/metrics", metrics)
    app.router.add_get("/health/live", live)
    app.router.add_get("/health/ready", ready)
    return app


def _say(good: bool, yes: str, no: str) -> web.Response:
    return web.json_response({"status": yes if good else no}, status=200 if good else 503)
