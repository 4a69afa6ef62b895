"""The HTTP application of an edge, put together: two WebSocket dialects, two documented pages."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from aiohttp import web

from aura.bus.connection import Bus
from aura.settings import Settings
from edge.auth import TokenPolicy
from edge.calls import continuous, conversational
from edge.dialects.prices import PRICES
from edge.health import Stages
from edge.middlewares import limit_requests, no_traceback
from edge.overload import Overload
from edge.rates import Places, Requests
from edge.seats import Limits, Seats
from edge.state import EDGE, Edge
from edge.visitors import Visitors


def build(settings: Settings, bus: Bus, name: str) -> web.Application:
    """Return the application of one edge.

    Raises:
        SettingsError: a key file that cannot be read, a network that is none.
    """
    app = web.Application(middlewares=[limit_requests, no_traceback])
    app[EDGE] = Edge(
        settings,
        bus,
        name,
        Stages(bus, Overload(settings.overload_wait_ms, settings.overload_calm_s)),
        TokenPolicy.of(settings),
        Requests(settings.api_requests_per_minute),
        Places(settings.max_connections_per_ip),
        {**PRICES, **settings.prices},
        Seats(bus, limits_of(settings)),
        Visitors.of(settings),
    )
    app.router.add_get("/", root)
    app.router.add_get("/health", health)
    app.router.add_get("/ws", conversational)
    app.router.add_get("/ws/voice/continuous", continuous)
    app.cleanup_ctx.append(look_around)
    return app


def limits_of(settings: Settings) -> Limits:
    return Limits(
        everywhere=settings.max_sessions,
        a_tenant=settings.max_sessions_per_tenant,
        a_user=settings.max_sessions_per_user,
        joins_a_minute=settings.reconnects_per_minute + 1,
    )


async def look_around(app: web.Application) -> AsyncIterator[None]:
    """Watch the stages and keep our callers' seats, for as long as the application runs."""
    edge = app[EDGE]
    tasks = [asyncio.create_task(edge.stages.watch()), asyncio.create_task(edge.seats.renew())]
    yield
    for task in tasks:
        task.cancel()


async def root(_: web.Request) -> web.Response:
    return web.json_response(
        {"message": "Conversational AI Backend is running", "status": "healthy"}
    )


async def health(request: web.Request) -> web.Response:
    edge = request.app[EDGE]
    status, body = edge.stages.health(len(edge.open))
    return web.json_response(body, status=status)
