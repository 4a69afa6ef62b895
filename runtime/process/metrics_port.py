"""The port of AURA_METRICS_PORT: `/metrics` for Prometheus, `/health/live` and `/health/ready`."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog
from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from runtime.process.metrics import Condition
from runtime.settings import Settings, SettingsError

log = structlog.get_logger(__name__)


@asynccontextmanager
async def serving(settings: Settings, condition: Condition) -> AsyncIterator[None]:
    """Serve the port while the block is open.

    Raises:
        SettingsError: the port is taken.
    """
    runner = web.AppRunner(
        _application(condition),
        access_log=None,
        handle_signals=False,
        auto_decompress=False,  # a small compressed body could fill the memory
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
                "Each process on a machine needs a port of its own; 0 serves no metrics."
            ) from error
        log.info("metrics_served", host=host, port=port)
        yield
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
