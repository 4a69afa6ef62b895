"""`POST /v1/realtime/calls`: answers a browser's WebRTC offer.

The request is admitted like a WebSocket. The call is then a task of the edge, with one session like
a WebSocket of `/v1/realtime`.
"""

import asyncio
import json
import time
from dataclasses import dataclass, replace
from typing import Any

import structlog
from aiohttp import web

from edge.door.callers.auth import Caller
from edge.door.http.bodies import TooLongError, read_body
from edge.door.http.forms import form_fields
from edge.door.http.middlewares import address_of
from edge.door.http.openai_errors import bad_key, refused
from edge.door.http.tokens import BadTokenError, owner_of
from edge.door.http.websockets import handshake_of, hold
from edge.door.limits.pace import Pace
from edge.door.line.transport import LineTransport
from edge.door.opening.seat import Seat, new_session
from edge.door.state import EDGE, Edge
from edge.door.webrtc.port import WebRtcPort
from edge.protocols.parsing import clean
from edge.protocols.realtime import RealtimeProtocol
from edge.protocols.realtime.session_object import SessionObject
from edge.protocols.realtime.session_update import updated
from edge.protocols.realtime.wire import RequestError

log = structlog.get_logger(__name__)

CALLS_PATH = "/v1/realtime/calls"
MOST_OFFER_BYTES = 200_000
CHANNEL_TIMEOUT_S = 15.0
"""The time, seconds, in which a client must open its data channel."""
OPENING_POLL_S = 0.25
ANSWER_WORK_S = 0.02
"""The work, seconds, for which an answer counts: answers take half of the event loop at most."""
SDP, FORM = "application/sdp", "multipart/form-data"


def routes() -> list[web.RouteDef]:
    return [
        web.post(CALLS_PATH, create_call),
        web.options(CALLS_PATH, allow_pages),
    ]


class RefusedCallError(Exception):
    """A refused call: the response has the reason."""

    def __init__(self, status: int, code: str, message: str, wait_s: float = 0) -> None:
        super().__init__(message)
        self.status, self.code, self.wait_s = status, code, wait_s


@dataclass(frozen=True)
class AdmittedCall:
    """An admitted call."""

    edge: Edge
    webrtc: WebRtcPort
    protocol: RealtimeProtocol
    seat: Seat
    session: str
    """The id of its session, new or resumed."""
    offer: str
    answer: asyncio.Future[str]


async def allow_pages(request: web.Request) -> web.Response:
    """Answer a browser's preflight request for a page of another origin."""
    if not request.app[EDGE].addresses.may_call(request.headers.get("Origin"), request.host):
        return web.Response(status=403)
    wanted = request.headers.get("Access-Control-Request-Headers", "")
    allowed = {"Access-Control-Allow-Methods": "POST", "Access-Control-Max-Age": "600"}
    return web.Response(status=204, headers={**allowed, "Access-Control-Allow-Headers": wanted})


async def create_call(request: web.Request) -> web.Response:
    """Answer an offer: 201 with the answer in SDP and the call's path in `Location`."""
    edge, address = request.app[EDGE], address_of(request)
    try:
        webrtc = _welcome(request, edge, address)
        caller = await owner_of(request, edge.identify)  # before the body is read
        offer, session = await _offer(request, edge)
        call = _let_in(request, edge, webrtc, caller, (offer, session))
        if not edge.address_limits.connections.take(address):
            told = "Too many calls at once from this address."
            raise RefusedCallError(429, "rate_limit_exceeded", told, 5)
        edge.sessions.create_task(_held(call))
        answer = await call.answer
    except BadTokenError as bad:
        return bad_key(bad.wait_s)
    except RefusedCallError as error:
        return refused(error.status, RequestError(error.code, str(error)), error.wait_s)
    headers = {
        "Location": f"{CALLS_PATH}/{call.session}",
        "Access-Control-Expose-Headers": "Location",
    }
    return web.Response(status=201, text=answer, content_type=SDP, headers=headers)


def _welcome(request: web.Request, edge: Edge, address: str) -> WebRtcPort:
    """Return the edge's port, if the edge takes calls of *address* now.

    Raises:
        RefusedCallError: it refuses.
    """
    if not edge.addresses.may_call(request.headers.get("Origin"), request.host):
        raise RefusedCallError(403, "origin_not_allowed", "This origin may not call.")
    if edge.webrtc is None:
        told = "WebRTC is not installed on this server: its operator adds aura-voice[webrtc]."
        raise RefusedCallError(501, "webrtc_unavailable", told)
    if edge.draining:
        raise RefusedCallError(503, "restarting", "The server restarts: try again.", 1)
    if edge.full_stage(address):
        told = "All are busy: try again later."
        raise RefusedCallError(503, "overloaded", told, edge.stages.retry_after_s)
    return edge.webrtc


async def _offer(request: web.Request, edge: Edge) -> tuple[str, dict[str, Any]]:
    """Return the offer and its session object.

    Raises:
        RefusedCallError: the body is invalid.
    """
    seconds = edge.settings.http_timeout_s
    try:
        if request.content_type == SDP:
            return (await read_body(request, MOST_OFFER_BYTES, seconds)).decode(), {}
        if request.content_type != FORM:
            told = f"The body is `{SDP}`, or `{FORM}` with `sdp` and `session`."
            raise RefusedCallError(415, "invalid_value", told)
        body = await read_body(request, MOST_OFFER_BYTES, seconds)
        form = form_fields(body, request.headers.get("Content-Type", ""))
        sdp, session = form.get("sdp", b"").decode(), form.get("session", b"").decode()
        session_patch = json.loads(clean(session)) if session else {}
    except TooLongError as error:
        raise RefusedCallError(413, "invalid_value", str(error)) from None
    except TimeoutError:
        raise RefusedCallError(408, "timeout", "The body did not come in time.") from None
    except (ValueError, RecursionError):
        raise RefusedCallError(400, "invalid_value", "The body cannot be read.") from None
    if not isinstance(session_patch, dict):
        raise RefusedCallError(400, "invalid_type", "`session` is a JSON object.")
    return sdp, session_patch


def _let_in(
    request: web.Request,
    edge: Edge,
    webrtc: WebRtcPort,
    caller: Caller,
    offered: tuple[str, dict[str, Any]],
) -> AdmittedCall:
    """Return the call of *caller* for the *offered* description and session object.

    Raises:
        RefusedCallError: the session object is invalid.
    """
    offer, session_patch = offered
    shaken = replace(handshake_of(request, edge), session=session_patch, has_tracks=True)
    protocol = RealtimeProtocol(shaken)
    try:
        updated(SessionObject(), session_patch)
    except RequestError as error:
        raise RefusedCallError(400, error.code, str(error)) from None
    session, address, key = new_session(), address_of(request), shaken.resume_key
    seat = Seat(edge.seats, protocol, caller, address, session=session, resume_key=key)
    answer = asyncio.get_running_loop().create_future()
    return AdmittedCall(edge, webrtc, protocol, seat, protocol.resumes or session, offer, answer)


async def _held(call: AdmittedCall) -> None:
    """Answer the offer, and hold the call until it is over."""
    try:
        await _hold(call)
    except Exception:  # the boundary: a failing call ends no other
        log.exception("webrtc_call_broken")
        _refuse(call, 500, "server_error", "Internal server error.")
    finally:
        call.edge.address_limits.connections.give_back(call.seat.address)


async def _hold(call: AdmittedCall) -> None:
    from edge.door.webrtc.peer import BadOfferError, Peer  # noqa: PLC0415  # an extra
    from edge.door.webrtc.udp_port import NoPortError  # noqa: PLC0415  # the same

    edge = call.edge
    with edge.budgets.opened(call.seat.address, time.monotonic()) as budget:
        budget.identify(named=call.seat.caller.named)
        pace = Pace(budget, edge.work_queue, edge.stages.strained)
        transport = LineTransport(pace)
        peer = Peer(
            transport.arrived,
            lambda sent: transport.commanded(call.protocol.played(*sent)),
            transport.left,
        )
        transport.attach(peer)
        try:
            port = await call.webrtc.opened()
            await pace.wait_in_queue()
            pace.worked(pace.work_clock() - ANSWER_WORK_S)
            answer = await peer.answer(call.offer, port, call.webrtc.servers)
            if not call.answer.done():
                call.answer.set_result(answer)
            if not await _opens(call, peer.open):
                log.info("call_not_opened")
                return
            await hold(edge, transport, call.seat)
        except BadOfferError as error:
            _refuse(call, 400, "invalid_offer", f"The offer is no good: {error}.")
        except NoPortError as error:
            log.error("webrtc_port_missing", why=str(error))
            _refuse(call, 503, "webrtc_unavailable", "No port is free for the call.")
        finally:
            await peer.close()


def _refuse(call: AdmittedCall, status: int, code: str, message: str) -> None:
    if not call.answer.done():
        call.answer.set_exception(RefusedCallError(status, code, message))


async def _opens(call: AdmittedCall, opened: asyncio.Event) -> bool:
    """Return whether the client opens its channel in time."""
    until_s = time.monotonic() + CHANNEL_TIMEOUT_S
    while time.monotonic() < until_s and not call.edge.draining:
        try:
            async with asyncio.timeout(OPENING_POLL_S):
                await opened.wait()
            return True
        except TimeoutError:
            continue
    return False
