"""Who may come in and how: a WebSocket from its request to its conversation."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress

import structlog
from aiohttp import web

from edge.call.clock import now_ms
from edge.core.session.history import History
from edge.door.auth import Caller
from edge.door.connection import Connection
from edge.door.middlewares import address_of, too_many, try_later
from edge.door.resume import resumable
from edge.door.session_limits import FullError
from edge.door.state import EDGE, Edge
from edge.door.strict_websocket import StrictWebSocket
from edge.protocols.client_protocol import ClientProtocol, CloseCode, Handshake, Token
from runtime.bus.connection import Bus
from runtime.bus.errors import BusAwayError
from schemas import subjects
from schemas.codec import BadMessageError

log = structlog.get_logger(__name__)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
MOST_FRAME_BYTES = 8 * 1024 * 1024
MOST_TOKEN_S = 7 * 86400.0
"""No call lasts so long, and no timer longer."""
FIRST_MESSAGE_S = 10.0
"""A client whose token comes with its first message has so long to send it."""


def websocket(kind: type[ClientProtocol]) -> Handler:
    """Return what serves a WebSocket of protocol *kind*."""

    async def serve(request: web.Request) -> web.StreamResponse:
        edge, address = request.app[EDGE], address_of(request)
        if not edge.addresses.may_call(request.headers.get("Origin"), request.host):
            return web.json_response({"error": "This origin may not call"}, status=403)
        if edge.draining:
            return try_later(503, "Service unavailable: restarting", 1)
        if edge.stages.full() and kind.admission.refuses_by_http:
            return try_later(503, "Service unavailable: all busy", edge.stages.retry_after_s)
        if not edge.connections.take(address):
            return too_many(5)
        try:
            ws = StrictWebSocket(
                heartbeat=edge.settings.heartbeat_s, max_msg_size=MOST_FRAME_BYTES, compress=False
            )
            await ws.prepare(request)
            protocol = kind(_handshake(request, edge))
            caller = await _caller(ws, protocol, edge)
            if caller is None:
                await ws.close(code=CloseCode.POLICY_VIOLATION, message=b"Invalid Token")
            else:
                await _hold(edge, ws, protocol, caller, address)
            return ws
        finally:
            edge.connections.leave(address)

    return serve


def _handshake(request: web.Request, edge: Edge) -> Handshake:
    return Handshake(
        connection=f"conn_{next(edge.numbers)}",
        query=request.query,
        headers={name.lower(): value for name, value in request.headers.items()},
        rate_hz=edge.settings.sample_rate,
        prices=edge.prices,
    )


async def _caller(ws: StrictWebSocket, protocol: ClientProtocol, edge: Edge) -> Caller | None:
    """Return who is calling, None where the token is no good."""
    match protocol.admission.token:
        case Token.NONE:
            return Caller(protocol.connection, "default")
        case Token.HANDSHAKE:
            return await edge.policy.identify(protocol.token)
        case Token.FIRST_MESSAGE:
            try:
                first = await ws.receive(timeout=FIRST_MESSAGE_S)
            except TimeoutError:
                log.info("token_refused", why="TimeoutError")
                return None
            frame = first.data if isinstance(first.data, str | bytes) else ""
            return await edge.policy.identify(protocol.first_message(frame))


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


async def _hold(
    edge: Edge, ws: StrictWebSocket, protocol: ClientProtocol, caller: Caller, address: str
) -> None:
    """Hold the call of a client that is let in, or refuse it for lack of room."""
    admission = protocol.admission
    try:
        history = await remembered(edge.bus, caller, protocol.resumes)
        full = edge.stages.full()
        if full and not history:  # who is in a session already may go on with it
            wait_s = edge.stages.retry_after_s
            raise FullError("OVERLOADED", f"the {full} stage is busy: try again in {wait_s} s")
        session = protocol.resumes if history else _new_session(protocol)
        held = await edge.limits.take(caller if admission.limits_users else None, session)
    except (FullError, BusAwayError) as refused:
        await _refuse(ws, protocol, refused)
        return

    def next_session() -> str:
        return session if admission.one_session else _new_session(protocol)

    quota = edge.log_quotas.of(address, stranger=admission.token is Token.NONE)
    connection = Connection(ws, protocol, edge.host, caller, next_session, quota, history)
    edge.open.add(connection)
    ending = None
    if edge.settings.call_ends_with_token:
        ending = _end_with_token(caller, connection, edge.policy.leeway_s)
    try:
        if edge.draining:  # since we looked
            connection.come_back("restarting, please reconnect")
        await connection.run()
    finally:
        if ending:
            ending.cancel()
        edge.open.discard(connection)
        await edge.limits.leave(held)


def _end_with_token(
    caller: Caller, connection: Connection, leeway_s: float
) -> asyncio.TimerHandle | None:
    """Have *connection* closed when the caller's token ends, who may go on with a new one."""
    if caller.expires_s is None:
        return None
    left_s = min(max(0.0, caller.expires_s + leeway_s - time.time()), MOST_TOKEN_S)
    return asyncio.get_running_loop().call_later(left_s, connection.expire)


def _new_session(protocol: ClientProtocol) -> str:
    if protocol.admission.one_session:
        return f"s_{secrets.token_hex(10)}"
    number = f"{time.time_ns() // 1_000_000}{secrets.randbelow(10_000):04}"
    return f"session_{protocol.connection}_{number}"


async def _refuse(
    ws: StrictWebSocket, protocol: ClientProtocol, why: FullError | BusAwayError
) -> None:
    """Say why a client cannot come in now, and close with a code that says: try again."""
    match why:
        case FullError(code="OVERLOADED"):
            message, code, details = "Service busy", why.code, str(why)
        case FullError():
            message, code, details = "Too many sessions", why.code, str(why)
        case _:  # a new session instead would lose what was said
            message, code = "Session not reachable", "BUS_AWAY"
            details = "the event bus is away: try again with the same session"
    with suppress(ConnectionError):  # it did not wait for the answer
        await ws.send_json(protocol.error(code, message, details))
    await ws.close(code=CloseCode.TRY_AGAIN_LATER, message=details.encode())
