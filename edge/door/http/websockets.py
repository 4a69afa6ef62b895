"""Admits WebSockets: from the request to the connection."""

import asyncio
import secrets
import time
from functools import partial

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler

from edge.core.messages.client_events import Notice
from edge.door.callers.auth import Caller
from edge.door.connection.connection import Connection
from edge.door.http.middlewares import address_of, too_many, try_later
from edge.door.limits.pace import Pace
from edge.door.opening.seat import Seat
from edge.door.state import EDGE, Edge
from edge.door.transport import Transport
from edge.door.twilio.transfer import TwilioPhone
from edge.door.websocket.strict_websocket import StrictWebSocket
from edge.protocols.client_protocol import (
    Admission,
    ClientProtocol,
    CloseCode,
    Handshake,
    TokenPlace,
)

log = structlog.get_logger(__name__)

MOST_TOKEN_S = 7 * 86400.0
"""The longest timer for the end of a token, seconds; no call lasts longer."""
FIRST_MESSAGE_S = 10.0
"""The time, seconds, in which a client must send the message with its token."""
MOST_FIRST_MESSAGES = 4
"""The most messages that are read to find the token."""
STRANGERS = "default"
"""The tenant of strangers; each connection is a user of it."""
NEEDS_TOKEN = "a JWT in the header `Authorization: Bearer ...` or in the query, `?token=...`"  # noqa: S105  # no secret
REFUSAL = "Invalid Token"


def websocket(kind: type[ClientProtocol], *, first_message_s: float = FIRST_MESSAGE_S) -> Handler:
    """Return the handler of WebSockets with the protocol *kind*.

    Where the first message has the token, it must come within *first_message_s*.
    """

    async def serve(request: web.Request) -> web.StreamResponse:
        edge, address = request.app[EDGE], address_of(request)
        if refusal := _refusal(request, kind.admission):
            return refusal
        connections = edge.address_limits.connections
        if not connections.take(address):
            return too_many("connections", 5)
        try:
            with edge.budgets.opened(address, time.monotonic()) as budget:
                handshake = handshake_of(request, edge)
                protocol = kind(handshake)
                caller = await _caller_of_handshake(protocol, edge)
                budget.identify(named=bool(caller and caller.named))
                pace = Pace(budget, edge.work_queue, edge.stages.strained)
                await pace.wait_in_queue()  # many call at once
                ws = StrictWebSocket(
                    pace,
                    heartbeat=edge.settings.heartbeat_s,
                    max_msg_size=kind.admission.message_limit_bytes,
                    compress=False,
                    protocols=kind.admission.subprotocols,
                )
                await ws.prepare(request)
                if caller is None and kind.admission.token is TokenPlace.FIRST_MESSAGE:
                    caller = await _caller_of_first_message(ws, protocol, edge, first_message_s)
                await _serve(request, ws, protocol, caller, handshake.resume_key)
                ws.release()
                return ws
        finally:
            connections.give_back(address)

    return serve


def _refusal(request: web.Request, admission: Admission) -> web.Response | None:
    """Return the answer to a handshake that is refused before its connection counts, or None."""
    edge, address = request.app[EDGE], address_of(request)
    if not edge.addresses.may_call(request.headers.get("Origin"), request.host):
        return web.json_response({"error": "This origin may not call"}, status=403)
    if edge.draining:
        return try_later(503, "Service unavailable: restarting", 1)
    if edge.full_stage(address) and admission.refuses_by_http:
        return try_later(503, "Service unavailable: all busy", edge.stages.retry_after_s)
    if wait_s := edge.address_limits.bad_tokens.wait_s(address, time.monotonic()):
        return too_many("tokens", wait_s)
    return None


async def _serve(
    request: web.Request,
    ws: StrictWebSocket,
    protocol: ClientProtocol,
    caller: Caller | None,
    resume_key: str,
) -> None:
    """Serve the *caller* of the handshake or of the first message; None: the token is invalid."""
    edge, address = request.app[EDGE], address_of(request)
    if caller is None:
        edge.address_limits.bad_tokens.refuse_s(address, time.monotonic())
        await _refuse(ws, protocol)
        return
    if edge.transfer and protocol.telephone_call:
        ws.phone = TwilioPhone(edge.transfer, protocol, ws.send_str)
    seat = Seat(
        edge.seats,
        protocol,
        caller,
        address,
        resume_key=resume_key,
        on_taken=partial(edge.sockets.holds_call, request.protocol),
    )
    await hold(edge, ws, seat)


def handshake_of(request: web.Request, edge: Edge) -> Handshake:
    """Return the handshake data of *request*."""
    return Handshake(
        connection=f"conn_{next(edge.numbers)}",
        nonce=secrets.token_hex(4),
        query=request.query,
        headers={name.lower(): value for name, value in request.headers.items()},
        settings=edge.protocol_settings,
    )


async def _caller_of_handshake(protocol: ClientProtocol, edge: Edge) -> Caller | None:
    """Return the caller, or None if the handshake has no valid token."""
    if protocol.admission.open_to_strangers and edge.settings.strangers_may_call:
        return Caller(protocol.connection, STRANGERS, named=False)
    if protocol.admission.token is TokenPlace.HANDSHAKE:
        return await edge.identify(protocol.token)
    return None


async def _caller_of_first_message(
    ws: StrictWebSocket, protocol: ClientProtocol, edge: Edge, within_s: float
) -> Caller | None:
    """Return the caller, or None if no valid token comes within *within_s*."""
    try:
        async with asyncio.timeout(within_s):
            token = await _first_token(ws, protocol)
    except TimeoutError:
        log.info("token_refused", why="TimeoutError")
        return None
    return await edge.identify(token)


async def _first_token(ws: StrictWebSocket, protocol: ClientProtocol) -> str:
    """Return the token in the first messages; empty: there is none."""
    for _ in range(MOST_FIRST_MESSAGES):
        raw = (await ws.receive()).data
        token = protocol.first_message(raw) if isinstance(raw, str | bytes) else ""
        if token is not None:
            return token
    return ""


async def _refuse(ws: StrictWebSocket, protocol: ClientProtocol) -> None:
    """Close the connection of a client without a valid token."""
    if protocol.admission.open_to_strangers:  # its author may not know about tokens
        for message in protocol.messages(Notice("INVALID_TOKEN", REFUSAL, NEEDS_TOKEN)):
            await ws.send_json(message)
    await ws.close(code=CloseCode.POLICY_VIOLATION, message=REFUSAL.encode())


async def hold(edge: Edge, transport: Transport, seat: Seat) -> None:
    """Hold the connection of an admitted client until it is over."""
    quota = edge.quotas.log.of(seat.address, stranger=not seat.caller.named)
    connection = Connection(transport, edge.services, seat, quota)
    edge.open.add(connection)
    ending = None
    if edge.settings.call_ends_with_token:
        ending = _end_with_token(seat.caller, connection, edge.policy.leeway_s)
    try:
        if edge.draining:  # since the check above
            connection.ask_to_reconnect("restarting, please reconnect")
        await connection.run()
    finally:
        if ending:
            ending.cancel()
        edge.open.discard(connection)
        await seat.give_back()


def _end_with_token(
    caller: Caller, connection: Connection, leeway_s: float
) -> asyncio.TimerHandle | None:
    """Close *connection* when the caller's token expires; a new token can resume the session."""
    if caller.expires_s is None:
        return None
    left_s = min(max(0.0, caller.expires_s + leeway_s - time.time()), MOST_TOKEN_S)
    return asyncio.get_running_loop().call_later(left_s, connection.expire)
