"""The HTTP application of an edge: a WebSocket for each client protocol, two documented pages."""

from __future__ import annotations

import asyncio

from aiohttp import web

from edge.call.speech_model import chosen
from edge.door.admission_control import AdmissionControl
from edge.door.auth import TokenPolicy
from edge.door.client_address import ClientAddresses
from edge.door.middlewares import harden, limit_requests, no_traceback
from edge.door.rate_limits import ConnectionLimit, RequestLimit
from edge.door.routes import websocket
from edge.door.session_limits import Limits, SessionLimits
from edge.door.stage_monitor import StageMonitor
from edge.door.state import EDGE, Edge
from edge.door.storage_monitor import StorageMonitor
from edge.door.tool_catalogue import ToolCatalogue
from edge.protocols import PROTOCOLS
from edge.protocols.prices import PRICES
from runtime.bus.connection import Bus
from runtime.redaction import Redaction
from runtime.settings import Settings


def build(settings: Settings, bus: Bus, name: str, sessions: asyncio.TaskGroup) -> web.Application:
    """Return the application of an edge; its calls run in *sessions*.

    Raises:
        SettingsError: a key file is unreadable, a proxy is no network, a rule of redaction is none,
            the speech model is missing, or the file of tools cannot be used.
    """
    app = web.Application(middlewares=[limit_requests, no_traceback])
    app[EDGE] = Edge(
        settings,
        bus,
        name,
        StageMonitor(bus, AdmissionControl(settings.overload_wait_ms, settings.overload_calm_s)),
        TokenPolicy.of(settings),
        RequestLimit(settings.api_requests_per_minute),
        ConnectionLimit(settings.max_connections_per_ip),
        sessions,
        chosen(settings),
        Redaction.of(settings.redact),
        {**PRICES, **settings.prices},
        SessionLimits(bus, limits_of(settings)),
        ClientAddresses.of(settings),
        StorageMonitor(bus, name),
        ToolCatalogue(bus, settings),
    )
    app.on_response_prepare.append(harden)
    app.router.add_get("/", root)
    app.router.add_get("/health", health)
    for path, protocol in PROTOCOLS.items():
        app.router.add_get(path, websocket(protocol))
    return app


def limits_of(settings: Settings) -> Limits:
    return Limits(
        everywhere=settings.max_sessions,
        a_tenant=settings.max_sessions_per_tenant,
        a_user=settings.max_sessions_per_user,
        joins_a_minute=settings.reconnects_per_minute + 1,
    )


async def root(_: web.Request) -> web.Response:
    return web.json_response(
        {"message": "Conversational AI Backend is running", "status": "healthy"}
    )


async def health(request: web.Request) -> web.Response:
    edge = request.app[EDGE]
    status, body = edge.stages.health(len(edge.open))
    if not edge.storage.stores:
        status, body["status"] = 503, "unhealthy"
    return web.json_response(body, status=status)
