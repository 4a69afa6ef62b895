"""Who may come in and how: a WebSocket from its request to its conversation."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable

import structlog
from aiohttp import web

from edge.call.clock import now_ms
from edge.core.session.history import History
from edge.door.auth import Caller, identify
from edge.door.connection import Conversation
from edge.door.middlewares import address_of, too_many, try_later
from edge.door.resume import resumable
from edge.door.session_limits import FullError
from edge.door.state import EDGE, Edge
from edge.door.strict_websocket import MaskedWebSocket
from edge.protocols.client_protocol import Dialect
from edge.protocols.continuous import ContinuousDialect, options_of
from edge.protocols.conversational import ConversationalDialect
from runtime.bus.connection import Bus
from runtime.bus.errors import BusAwayError
from schemas import subjects
from schemas.codec import BadMessageError
from schemas.subjects import is_token

log = structlog.get_logger(__name__)

MOST_FRAME_BYTES = 8 * 1024 * 1024
POLICY_VIOLATION = 1008
TRY_AGAIN_LATER = 1013


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
    session = f"s_{secrets.token_hex(10)}"
    asked = request.query.get("session", "")
    return await _converse(
        request, dialect, caller, lambda: session, asked=asked if is_token(asked) else ""
    )


async def remembered(bus: Bus, caller: Caller, session: str) -> History | None:
    """Return what was said in *session*, None where *caller* may not go on with it.

    Raises:
        BusAwayError: nobody knows.
    """
    if not session:
        return None
    events = []
    for stored in await bus.read(
        subjects.EVENTS_STREAM, subjects.session_events(caller.tenant, session)
    ):
        try:
            events.append(stored.event())
        except BadMessageError:  # of a newer Aura: what it says is not known here
            log.warning("event_malformed", subject=stored.subject)
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
    asked: str = "",
) -> web.StreamResponse:
    """Serve one client; *asked* is the session that it wants to go on with, if any."""
    edge, address = request.app[EDGE], address_of(request)
    if not edge.visitors.may_call(request.headers.get("Origin")):
        return web.json_response({"error": "This origin may not call"}, status=403)
    if edge.draining:
        return try_later(503, "Service unavailable: restarting", 1)
    if edge.stages.full() and not dialect.named:
        return try_later(503, "Service unavailable: all busy", edge.stages.retry_after_s)
    if not edge.places.take(address):
        return too_many(5)
    try:
        ws = MaskedWebSocket(
            heartbeat=edge.settings.heartbeat_s, max_msg_size=MOST_FRAME_BYTES, compress=False
        )
        await ws.prepare(request)
        if caller is None:
            log.info("token_refused", dialect=dialect.name)
            await ws.close(code=POLICY_VIOLATION, message=b"Invalid Token")
        else:
            await _seat(edge, ws, dialect, caller, new_session, asked)
        return ws
    finally:
        edge.places.leave(address)


async def _seat(
    edge: Edge,
    ws: MaskedWebSocket,
    dialect: Dialect,
    caller: Caller,
    new_session: Callable[[], str],
    asked: str,
) -> None:
    """Hold the conversation of a client that is let in, or say why it has no seat."""
    try:
        history = await remembered(edge.bus, caller, asked)
        full = edge.stages.full()
        if full and not history:  # who is in a session already may go on with it
            wait_s = edge.stages.retry_after_s
            raise FullError("OVERLOADED", f"the {full} stage is busy: try again in {wait_s} s")
        session = asked if history else new_session()
        seat = await edge.seats.take(caller if dialect.named else None, session)
    except (FullError, BusAwayError) as refused:
        await _refuse(ws, refused)
        return
    conversation = Conversation(
        ws,
        dialect,
        edge.place,
        tenant=caller.tenant,
        user=caller.user,
        new_session=(lambda: session) if dialect.named else new_session,
        history=history,
    )
    edge.open.add(conversation)
    try:
        if edge.draining:  # since we looked
            conversation.come_back("restarting, please reconnect")
        await conversation.run()
    finally:
        edge.open.discard(conversation)
        await edge.seats.leave(seat)


async def _refuse(ws: web.WebSocketResponse, why: FullError | BusAwayError) -> None:
    """Say why a client cannot come in now, and close with a code that says: try again."""
    match why:
        case FullError(code="OVERLOADED"):
            message, code, details = "Service busy", why.code, str(why)
        case FullError():
            message, code, details = "Too many sessions", why.code, str(why)
        case _:  # a new session instead would lose what was said
            message, code = "Session not reachable", "BUS_AWAY"
            details = "the event bus is away: try again with the same session"
    await ws.send_json({"type": "error", "message": message, "code": code, "details": details})
    await ws.close(code=TRY_AGAIN_LATER, message=details.encode())
