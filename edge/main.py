"""An edge process: serves calls until SIGTERM, then drains."""

import asyncio
import os
import secrets
import socket
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, Literal

import structlog
from aiohttp import web

from edge.app import build, chores, edge_of
from edge.call import counters
from edge.door.http.acceptor import Acceptor, bound
from edge.door.http.plain_errors import PlainRunner
from edge.door.limits.open_files import RESERVED, raise_limit
from edge.door.state import Edge
from runtime.bus.connection import connect
from runtime.bus.discovery import announced
from runtime.process import metrics
from runtime.process.gc_tuning import freeze_objects
from runtime.process.malloc import give_back
from runtime.process.stopping import stop_event
from runtime.settings import Settings, SettingsError
from runtime.tasks import scoped_task
from runtime.tls import served_tls

log = structlog.get_logger(__name__)

SHUTDOWN_S = 2
"""Time for open HTTP requests after the last call."""
LEAVE_S = 2
"""The longest wait for clients to leave once all were asked to."""
DRAIN_POLL_S = 0.02
Hold = Callable[[Edge, asyncio.Event, metrics.Condition], Awaitable[None]]


async def serve(settings: Settings) -> int:
    """Run an edge until SIGTERM or SIGINT; return the process's exit code.

    Raises:
        BusAwayError: no server answers.
        SettingsError: the port is taken, or a file in the settings cannot be read.
    """
    await run(settings, "edge", _hold)
    log.info("edge_left")
    return 0


async def run(settings: Settings, role: Literal["edge", "sip"], hold: Hold) -> None:
    """Run an edge with *role*: *hold* takes calls until it is told to stop, and drains.

    Raises:
        BusAwayError: no server answers.
        SettingsError: as `edge_of` and *hold*.
    """
    stop = stop_event()
    async with metrics.served(settings, role) as condition:
        name = f"{role}-{secrets.token_hex(4)}"
        bus = await connect(settings, name, role=role)
        metrics.BUS.set_function(lambda: bus.connected)
        try:
            async with asyncio.TaskGroup() as tasks:
                edge = edge_of(settings, bus, name, tasks, raise_limit() - RESERVED)
                if remote := edge.policy.remote:
                    await remote.fetch()
                watching = [tasks.create_task(chore) for chore in chores(edge)]
                if await _agents_and_tools_known(edge, stop):
                    await hold(edge, stop, condition)
                for task in watching:
                    task.cancel()
        except* SettingsError as wrong:
            raise wrong.exceptions[0] from None
        finally:
            await bus.close()


async def _agents_and_tools_known(edge: Edge, stop: asyncio.Event) -> bool:
    """Wait until agents and tools are known; False: the edge must stop before."""

    async def both() -> None:
        await edge.agents.read.wait()
        await edge.tools.searched.wait()

    async with scoped_task(both()) as known, scoped_task(stop.wait()) as left:
        await asyncio.wait({known, left}, return_when=asyncio.FIRST_COMPLETED)
        return known.done()


async def _hold(edge: Edge, stop: asyncio.Event, condition: metrics.Condition) -> None:
    """Serve HTTP until *stop*, then drain.

    Raises:
        SettingsError: the port is taken.
    """
    settings = edge.settings
    runner = _runner(settings, build(edge))
    await runner.setup()
    acceptor = Acceptor(
        runner.handler,
        edge.sockets,
        edge.address_limits,
        edge.addresses,
        edge.files,
        tls=served_tls(settings),
        handshake_s=settings.http_timeout_s,
    )
    ports = _ports(settings)
    async with asyncio.TaskGroup() as connections:
        accepting = [connections.create_task(acceptor.accept(sock, connections)) for sock in ports]
        async with announced(edge.bus, "edge", partial(described, edge)):
            freeze_objects()
            give_back()
            condition.ready = lambda: edge.is_ready
            log.info(
                "edge_ready",
                host=settings.host,
                port=settings.port,
                most_sockets=edge.sockets.in_all,
            )
            _warn_of_an_open_door(settings)
            await stop.wait()
            await drain(edge)
        for task in accepting:
            task.cancel()
        await runner.cleanup()
        acceptor.drop_all()
    if edge.webrtc:
        edge.webrtc.close()


def described(edge: Edge) -> dict[str, Any]:
    """Return the edge's reply to service discovery."""
    return {
        "calls": len(edge.open),
        "draining": edge.draining,
        "pid": os.getpid(),
        "refused": counters.refusals(),
    }


def _runner(settings: Settings, app: web.Application) -> PlainRunner:
    return PlainRunner(
        app,
        access_log=None,
        handle_signals=False,
        shutdown_timeout=SHUTDOWN_S,
        keepalive_timeout=settings.http_timeout_s,  # for the first request's head, too
        lingering_time=settings.http_timeout_s,  # for a body that is not read
    )


def _ports(settings: Settings) -> list[socket.socket]:
    try:
        return bound(settings.host, settings.port)
    except OSError as error:
        raise SettingsError(
            f"PORT {settings.port} on {settings.host} cannot be used: {error.strerror}. "
            "Set PORT to a free one."
        ) from error


def _warn_of_an_open_door(settings: Settings) -> None:
    if not settings.reaches_everybody:
        return
    if settings.debug:
        log.warning("open_door", why="DEBUG is on", advice="DEBUG=false and AURA_JWT_SECRET")
    elif settings.strangers_may_call:
        log.warning("open_door", why="AURA_WS_AUTH is open", advice="AURA_WS_AUTH=token")


async def drain(edge: Edge) -> None:
    """Refuse new calls, finish running responses, then ask all clients to reconnect."""
    edge.draining = True
    clock = asyncio.get_running_loop().time
    until_s = clock() + edge.settings.drain_s
    while any(connection.busy for connection in edge.open) and clock() < until_s:  # noqa: ASYNC110  # drain_s at most
        await asyncio.sleep(DRAIN_POLL_S)
    for connection in edge.open:
        connection.ask_to_reconnect("restarting, please reconnect")
    while edge.open and clock() < until_s + LEAVE_S:  # noqa: ASYNC110  # LEAVE_S at most
        await asyncio.sleep(DRAIN_POLL_S)
