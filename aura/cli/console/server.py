"""The process of the console: serves until SIGTERM or Ctrl-C, with or without a bus."""

import asyncio
import sys

import structlog
from aiohttp import web

from aura.cli.console.access import is_here
from aura.cli.console.app import build, readable_by
from aura.cli.console.watcher import Watcher
from aura.cli.running import CommandError
from runtime.process import metrics
from runtime.process.stopping import stop_event
from runtime.settings import Settings, SettingsError
from runtime.tls import served_tls

log = structlog.get_logger(__name__)

CONSOLE_SHUTDOWN_S = 1.0


async def serve(settings: Settings) -> int:
    """Serve the console until SIGTERM or SIGINT; return the process's exit code.

    Raises:
        SettingsError: the console would be reachable without a token, or a file of a setting cannot
        be used. CommandError: the port is taken.
    """
    stop = stop_event()
    readable = readable_by(settings)
    watcher = Watcher(settings, readable)
    runner = web.AppRunner(
        build(settings, watcher, readable),
        access_log=None,
        handle_signals=False,
        auto_decompress=False,  # a packed body could unpack to gigabytes
        shutdown_timeout=CONSOLE_SHUTDOWN_S,
        keepalive_timeout=settings.http_timeout_s,
    )
    await runner.setup()
    try:
        async with metrics.served(settings, "console") as condition:
            address = await _listen(settings, runner)
            condition.ready = lambda: watcher.is_watching
            sys.stdout.write(f"See what goes on in a browser: {address}\n")
            sys.stdout.flush()
            await _watch(watcher, stop)
    finally:
        await runner.cleanup()
    log.info("console_left")
    return 0


async def _listen(settings: Settings, runner: web.AppRunner) -> str:
    """Open the port, and return the address for a browser on this machine.

    Raises:
        CommandError: the port is taken; it may become free, so the process may try again.
        SettingsError: a file that a setting names cannot be used.
    """
    host, tls = settings.console_host, served_tls(settings)
    site = web.TCPSite(runner, host, settings.console_port, ssl_context=tls)
    try:
        await site.start()
    except OSError as error:
        raise CommandError(
            f"AURA_CONSOLE_PORT {settings.console_port} on {host} cannot be used: "
            f"{error.strerror}. Set it to a free port, or to 0 for any free port."
        ) from error
    port = runner.addresses[0][1]
    log.info("console_ready", host=host, port=port)
    if not is_here(host) and tls is None:
        advice = "AURA_TLS_CERT, a proxy with https, or an SSH tunnel to 127.0.0.1"
        log.warning("console_without_tls", why="the token crosses the network", advice=advice)
    named = host if host not in {"", "0.0.0.0", "::"} else "127.0.0.1"  # noqa: S104  # compared, not listened on
    return f"{'https' if tls else 'http'}://{f'[{named}]' if ':' in named else named}:{port}"


async def _watch(watcher: Watcher, stop: asyncio.Event) -> None:
    """Watch the bus until *stop*.

    Raises:
        SettingsError: the settings of the bus are wrong.
    """
    failure: Exception | None = None
    try:
        async with asyncio.TaskGroup() as tasks:
            watching = tasks.create_task(watcher.run())
            await stop.wait()
            watching.cancel()
    except* SettingsError as failed:
        failure = failed.exceptions[0]
    if failure is not None:
        raise failure
