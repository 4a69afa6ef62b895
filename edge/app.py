"""The HTTP application: two WebSocket dialects, two documented pages, who may come in."""

from __future__ import annotations

import asyncio
import itertools
import secrets
import time
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import structlog
from aiohttp import web

from aura.bus.connection import Bus, BusAwayError
from aura.settings import Settings
from edge.auth import Caller, TokenPolicy, identify
from edge.clock import now_ms
from edge.conversation import Conversation, Place
from edge.core.history import History
from edge.dialects.continuous import ContinuousDialect, close_code, options_of
from edge.dialects.conversational import ConversationalDialect
from edge.dialects.dialect import Dialect
from edge.dialects.prices import PRICES
from edge.health import Stages
from edge.masking import MaskedWebSocket
from edge.overload import Overload
from edge.rates import Places, Requests
from edge.resume import resumable
from edge.seats import FullError, Limits, Seats
from edge.session_rules import rules_of
from edge.visitors import Visitors
from schemas import subjects
from schemas.codec import BadMessageError
from schemas.subjects import is_token

log = structlog.get_logger(__name__)

MOST_FRAME_BYTES = 8 * 1024 * 1024
POLICY_VIOLATION = 1008
TRY_AGAIN_LATER = 1013


@dataclass
class Edge:
    """What the handlers of one edge share."""

    settings: Settings
    bus: Bus
    name: str
    stages: Stages
    policy: TokenPolicy
    requests: Requests
    places: Places
    prices: Mapping[str, tuple[float, float]]
    seats: Seats
    visitors: Visitors
    open: set[Conversation] = field(default_factory=set)
    numbers: itertools.count[int] = field(default_factory=itertools.count)
    draining: bool = False

    @property
    def place(self) -> Place:
        return Place(
            self.bus,
            self.name,
            lambda options: rules_of(self.settings, options),
            close_code,
            self.settings.control_messages_per_second,
        )


EDGE = web.AppKey("edge", Edge)


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


# ---------------------------------------------------------------- middlewares


@web.middleware
async def limit_requests(request: web.Request, handler: Any) -> web.StreamResponse:
    """Answer 429 to an address that asks too often; calls and the orchestrator do not count."""
    edge, address = request.app[EDGE], _address(request)
    counted = not request.path.startswith("/ws") and not (
        request.path == "/health" and address in {"127.0.0.1", "::1"}
    )
    if counted and (wait_s := edge.requests.refuse_s(address, time.monotonic())):
        return _too_many(wait_s)
    answer: web.StreamResponse = await handler(request)
    origin = request.headers.get("Origin")
    if counted and origin is not None and edge.visitors.may_call(origin):
        answer.headers["Access-Control-Allow-Origin"] = origin
        answer.headers["Vary"] = "Origin"
    return answer


@web.middleware
async def no_traceback(request: web.Request, handler: Any) -> web.StreamResponse:
    """Turn a fault of ours into a plain 500; its trace goes to the log, the query never does."""
    try:
        answer: web.StreamResponse = await handler(request)
    except web.HTTPException as refused:
        if refused.status < 400 or refused.content_type == "application/json":
            raise
        kept = {name: refused.headers[name] for name in ("Allow",) if name in refused.headers}
        return web.json_response({"error": refused.reason}, status=refused.status, headers=kept)
    except Exception:
        log.exception("request_failed", path=request.path)
        return web.json_response({"error": "Internal server error"}, status=500)
    return answer


def _address(request: web.Request) -> str:
    """Return the client's address: that of its socket, unless a proxy of ours says another."""
    visitors = request.app[EDGE].visitors
    said = request.headers.getall(visitors.header, [])
    return visitors.address(request.remote or "", said)


def _too_many(wait_s: float) -> web.Response:
    return web.json_response(
        {"error": "Too many requests"},
        status=429,
        headers={"Retry-After": str(max(1, round(wait_s)))},
    )


def _too_busy(wait_s: int) -> web.Response:
    return web.json_response(
        {"error": "Service unavailable: all busy"},
        status=503,
        headers={"Retry-After": str(wait_s)},
    )


# ---------------------------------------------------------------- pages


async def root(_: web.Request) -> web.Response:
    return web.json_response(
        {"message": "Conversational AI Backend is running", "status": "healthy"}
    )


async def health(request: web.Request) -> web.Response:
    edge = request.app[EDGE]
    status, body = edge.stages.health(len(edge.open))
    return web.json_response(body, status=status)


# ---------------------------------------------------------------- calls


async def conversational(request: web.Request) -> web.StreamResponse:
    """Serve `/ws`: JSON both ways, no token."""
    edge = request.app[EDGE]
    connection = f"conn_{next(edge.numbers)}"
    dialect = ConversationalDialect(connection, rate_hz=edge.settings.sample_rate)

    def new_session() -> str:
        return f"session_{connection}_{time.time_ns() // 1_000_000}{secrets.randbelow(10_000):04}"

    return await _converse(request, dialect, Caller(connection, "default"), new_session)


async def continuous(request: web.Request) -> web.StreamResponse:
    """Serve `/ws/voice/continuous`: PCM up, JSON down, a token to come in."""
    edge = request.app[EDGE]
    caller = identify(_token(request), policy=edge.policy)
    page = "Origin" in request.headers  # browsers send it, and cannot do otherwise
    rate_hz = edge.settings.sample_rate
    dialect = ContinuousDialect(options_of(request.query, rate_hz, edge.prices, page=page))
    session, history = f"s_{secrets.token_hex(10)}", None
    if caller and is_token(asked := request.query.get("session", "")):
        history = await remembered(edge.bus, caller, asked)
        session = asked if history else session
    return await _converse(request, dialect, caller, lambda: session, history=history)


async def remembered(bus: Bus, caller: Caller, session: str) -> History | None:
    """Return what was said in *session*, None where *caller* may not go on with it."""
    try:
        subject = subjects.session_events(caller.tenant, session)
        stored = await bus.read(subjects.EVENTS_STREAM, subject)
        events = [one.event() for one in stored]
    except (BusAwayError, BadMessageError):
        return None
    return resumable(events, tenant=caller.tenant, user=caller.user, now_ms=now_ms())


def _token(request: web.Request) -> str:
    scheme, _, bearer = request.headers.get("Authorization", "").partition(" ")
    return bearer.strip() if scheme.lower() == "bearer" else request.query.get("token", "")


async def _converse(
    request: web.Request,
    dialect: Dialect,
    caller: Caller | None,
    new_session: Callable[[], str],
    *,
    history: History | None = None,
) -> web.StreamResponse:
    edge, address = request.app[EDGE], _address(request)
    if not edge.visitors.may_call(request.headers.get("Origin")):
        return web.json_response({"error": "This origin may not call"}, status=403)
    if edge.draining:
        return web.json_response(
            {"error": "Service unavailable: restarting"}, status=503, headers={"Retry-After": "1"}
        )
    full = "" if history else edge.stages.full()  # who is in a session already may go on with it
    if full and not dialect.named:
        return _too_busy(edge.stages.retry_after_s)
    if not edge.places.take(address):
        return _too_many(5)
    try:
        ws = MaskedWebSocket(
            heartbeat=edge.settings.heartbeat_s, max_msg_size=MOST_FRAME_BYTES, compress=False
        )
        await ws.prepare(request)
        if caller is None:
            log.info("token_refused", dialect=dialect.name)
            await ws.close(code=POLICY_VIOLATION, message=b"Invalid Token")
            return ws
        try:
            if full:
                wait_s = edge.stages.retry_after_s
                raise FullError("OVERLOADED", f"the {full} stage is busy: try again in {wait_s} s")
            seat = await edge.seats.take(caller if dialect.named else None, new_session())
        except FullError as no_seat:
            error = {"type": "error", "message": "Too many sessions", "code": no_seat.code}
            await ws.send_json({**error, "details": str(no_seat)})
            await ws.close(code=TRY_AGAIN_LATER, message=str(no_seat).encode())
            return ws
        conversation = Conversation(
            ws,
            dialect,
            edge.place,
            tenant=caller.tenant,
            user=caller.user,
            new_session=new_session,
            history=history,
        )
        edge.open.add(conversation)
        try:
            await conversation.run()
        finally:
            edge.open.discard(conversation)
            await edge.seats.leave(seat)
        return ws
    finally:
        edge.places.leave(address)
