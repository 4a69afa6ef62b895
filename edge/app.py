"""The HTTP application of an edge: a WebSocket for each client protocol, the talk page, APIs."""

import asyncio
from collections.abc import Coroutine
from typing import Any

from aiohttp import web

from edge.call.config_store import ConfigStore
from edge.call.quotas import StorageQuotas
from edge.call.speech_model import chosen
from edge.door.agents.agents import Agents
from edge.door.agents.tool_catalogue import ToolCatalogue
from edge.door.callers.auth import TokenPolicy
from edge.door.callers.client_address import ClientAddresses
from edge.door.callers.client_secrets import ClientSecrets
from edge.door.callers.operators import Operators
from edge.door.http import realtime_calls, realtime_hangup
from edge.door.http.calls_api import routes as calls_api
from edge.door.http.middlewares import (
    harden,
    limit_requests,
    no_packed_bodies,
    no_traceback,
    wait_in_queue,
)
from edge.door.http.pages import add_pages, wants_page
from edge.door.http.realtime_secrets import create_client_secret
from edge.door.http.speech_api import add_routes as add_speech_routes
from edge.door.http.twilio_voice import VOICE_PATH, answer_call
from edge.door.http.websockets import websocket
from edge.door.limits.address_limits import AddressLimits
from edge.door.limits.admission_control import AdmissionControl
from edge.door.limits.budgets import Budgets
from edge.door.limits.common_bounds import CommonBounds
from edge.door.limits.costs import Costs
from edge.door.limits.session_keys import Limits
from edge.door.limits.session_limits import SessionLimits
from edge.door.limits.socket_table import SocketTable
from edge.door.limits.stage_monitor import StageMonitor
from edge.door.limits.storage_monitor import StorageMonitor
from edge.door.state import EDGE, Edge, config_of
from edge.door.twilio.calls import TwilioCalls
from edge.door.twilio.transfer import TwilioTransfer
from edge.door.webrtc.port import WebRtcPort
from edge.protocols import served
from edge.protocols.realtime import RealtimeProtocol
from edge.protocols.twilio import TwilioProtocol
from runtime.audio import media
from runtime.bus.connection import Bus
from runtime.settings import Settings
from runtime.tasks import restarting
from runtime.text.redaction import Redaction


def edge_of(
    settings: Settings, bus: Bus, name: str, sessions: asyncio.TaskGroup, most_sockets: int
) -> Edge:
    """Return the state of an edge; its calls run in *sessions*, over *most_sockets* at once.

    Raises:
        SettingsError: a setting is invalid, or names an unreadable file or a missing model.
    """
    address_limits = AddressLimits.of(settings)
    media.load()
    speech_model = chosen(settings)
    policy = TokenPolicy.of(settings)
    agents = Agents(bus)
    return Edge(
        settings=settings,
        bus=bus,
        name=name,
        stages=StageMonitor(bus, AdmissionControl.of(settings)),
        policy=policy,
        operators=Operators.of(settings, policy),
        address_limits=address_limits,
        sockets=SocketTable(address_limits.sockets, most_sockets, settings.max_sessions),
        protocols=served(settings.dialects),
        sessions=sessions,
        speech_model=speech_model,
        redaction=Redaction.of(settings.redact),
        limits=SessionLimits(bus, limits_of(settings), lambda name: agents.tenant(name).limits),
        addresses=ClientAddresses.of(settings),
        storage=StorageMonitor(bus, name),
        secrets=ClientSecrets(settings),
        budgets=Budgets(Costs(settings.frames_per_second, settings.sound_at_once_s)),
        common=CommonBounds.of(settings),
        configs=ConfigStore(bus, config_of(settings, speech_model)),
        quotas=StorageQuotas.of(settings),
        agents=agents,
        tools=ToolCatalogue(bus, settings),
        twilio=TwilioCalls.of(settings, bus),
        transfer=TwilioTransfer.of(settings),
    )


def build(edge: Edge) -> web.Application:
    """Return the application of an edge.

    Raises:
        SettingsError: the ports of WebRTC are invalid.
    """
    app = web.Application(
        middlewares=[wait_in_queue, limit_requests, no_packed_bodies, no_traceback]
    )
    app[EDGE] = edge
    app.on_response_prepare.append(harden)
    app.router.add_get("/", root)
    app.router.add_get("/health", health)
    app.router.add_routes(calls_api())
    app.router.add_post("/v1/realtime/client_secrets", create_client_secret)
    if RealtimeProtocol in edge.protocols.values():
        edge.webrtc = WebRtcPort.of(edge.settings)
        app.router.add_routes([*realtime_calls.routes(), *realtime_hangup.routes()])
    if edge.settings.has_talk_page:
        add_pages(app, edge.settings)
    for path, protocol in edge.protocols.items():
        app.router.add_get(path, websocket(protocol))
    add_speech_routes(app)
    if TwilioProtocol in edge.protocols.values():  # 404 without an account
        app.router.add_post(VOICE_PATH, answer_call)
    return app


def limits_of(settings: Settings) -> Limits:
    return Limits(
        everywhere=settings.max_sessions,
        per_tenant=settings.max_sessions_per_tenant,
        per_user=settings.max_sessions_per_user,
        joins_per_minute=settings.reconnects_per_minute + 1,
        without_token=settings.seats_without_token,
    )


def chores(edge: Edge) -> list[Coroutine[Any, Any, None]]:
    """Return the background tasks of an edge; one that fails ends no call."""
    remote = edge.policy.remote
    work = [
        *([remote.keep_fresh] if remote else []),
        edge.stages.watch,
        edge.limits.renew,
        edge.storage.watch,
        edge.tools.watch,
        edge.configs.keep,
        edge.agents.watch,
        edge.call_list.serve,
        edge.likely_prompts.serve,
    ]
    return [restarting(chore) for chore in work]


async def root(request: web.Request) -> web.Response:
    """Redirect browsers to the talk page, and return a status to programs."""
    vary = {"Vary": "Accept"}
    if request.app[EDGE].settings.has_talk_page and wants_page(request):
        return web.Response(status=302, headers={"Location": "talk", **vary})
    body = {"message": "Conversational AI Backend is running", "status": "healthy"}
    return web.json_response(body, headers=vary)


async def health(request: web.Request) -> web.Response:
    edge = request.app[EDGE]
    status, body = edge.stages.health(len(edge.open))
    if not edge.storage.stores or edge.files.short:
        status, body["status"] = 503, "unhealthy"
    return web.json_response(body, status=status)
