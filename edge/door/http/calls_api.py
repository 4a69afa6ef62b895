"""/v1/calls: shows and commands running calls of any edge over HTTP."""

import re
import secrets
from collections.abc import Awaitable, Callable
from functools import cache
from typing import TypeVar

import msgspec
from aiohttp import web
from aiohttp.typedefs import Handler

from edge.door.callers.operators import PLACE, READ, WRITE, Operator
from edge.door.http.bodies import TooLongError, read_body
from edge.door.http.middlewares import slow_down
from edge.door.http.tokens import BadTokenError, owner_of
from edge.door.state import EDGE, Edge
from runtime.bus import calls
from runtime.bus.errors import BusAwayError
from schemas.control import (
    COMMAND_ID,
    COMMANDS,
    MOST_COMMAND_BYTES,
    MOST_ERROR_CHARS,
    AnyCommand,
    CallPlacing,
    CallReply,
    CallRequest,
    Command,
    Fault,
    PlacingFault,
)
from schemas.documents import openapi
from schemas.events import tag
from schemas.subjects import is_token

Serve = Callable[[Edge, Operator, web.Request], Awaitable[web.Response]]
FAULTS: dict[Fault, str] = {
    "unknown_call": "no such call",
    "call_ending": "the call is being ended",
    "too_many_texts": "too many texts wait to be spoken: interrupt, or try later",
    "cannot_transfer": "there is no such agent, it cannot serve this call, or no agent serves it",
}
PLACING_FAULTS: dict[PlacingFault, str] = {
    "busy": "the telephone is busy",
    "declined": "they declined the call",
    "no_answer": "nobody answered",
    "refused": "the telephones do not call that, or have no room for another call",
    "failed": "the call failed on its way",
}
T = TypeVar("T")
_PLACE = msgspec.json.Decoder(openapi.PlaceCall)
_ID = re.compile(COMMAND_ID)


class RefusedRequest(Exception):  # noqa: N818  # a reply, not an error of Aura
    """A refused request: HTTP status, code and message."""

    def __init__(self, status: int, code: str, error: str) -> None:
        super().__init__(error)
        self.status, self.code = status, code


def routes() -> list[web.RouteDef]:
    """Return the routes of /v1."""
    return [
        web.get("/v1/openapi.json", _document),
        web.get("/v1/calls", _for_operators(_list, READ)),
        web.post("/v1/calls", _for_operators(_place, PLACE)),
        web.get("/v1/calls/{id}", _for_operators(_show, READ)),
        *(
            web.post(f"/v1/calls/{{id}}/{tag(kind)}", _for_operators(_does(kind), WRITE))
            for kind in COMMANDS
        ),
    ]


async def _document(_: web.Request) -> web.Response:
    return _json(_made())


_made = cache(openapi.document)


async def _list(edge: Edge, who: Operator, _: web.Request) -> web.Response:
    return _json(openapi.Calls(tuple(await calls.running(edge.bus, who.tenant))))


async def _place(edge: Edge, who: Operator, request: web.Request) -> web.Response:
    body = _read(_PLACE, await _body(edge, request))
    variables = msgspec.json.encode(body.variables).decode() if body.variables else ""
    placing = CallPlacing(
        to=body.to,
        agent=body.agent,
        variables=variables,
        tenant=who.tenant or body.tenant,
        by=who.name,
    )
    try:
        placed = await calls.place(edge.bus, placing)
    except calls.NoSuchCallError as nobody:
        raise RefusedRequest(409, "NO_TELEPHONES", str(nobody)) from None
    if placed.fault:
        raise RefusedRequest(409, placed.fault.upper(), PLACING_FAULTS[placed.fault])
    return _json(openapi.Placed(placed.session), status=201)


async def _show(edge: Edge, who: Operator, request: web.Request) -> web.Response:
    reply = await _ask(edge, request, CallRequest(tenant=who.tenant, by=who.name))
    return _json(reply.call)


def _does(kind: type[Command]) -> Serve:
    """Return the handler of commands of type *kind*."""
    read = msgspec.json.Decoder(kind)

    async def serve(edge: Edge, who: Operator, request: web.Request) -> web.Response:
        name = _command_id(request)
        command: AnyCommand = _read(read, await _body(edge, request))  # type: ignore[assignment]  # one of them
        wanted = CallRequest(tenant=who.tenant, by=who.name, id=name, command=command)
        reply = await _ask(edge, request, wanted)
        if reply.fault:
            raise RefusedRequest(409, reply.fault.upper(), FAULTS[reply.fault])
        return _json({"id": name, "call": reply.call})

    return serve


def _for_operators(serve: Serve, scope: str) -> Handler:
    """Return a handler that allows *serve* to operators with *scope*, and returns its refusals."""

    async def handle(request: web.Request) -> web.StreamResponse:
        edge = request.app[EDGE]
        try:
            who = await owner_of(request, edge.operators.identify)
            if not who.may(scope):
                raise RefusedRequest(403, "FORBIDDEN", f"the token lacks the scope {scope}")
            return await serve(edge, who, request)
        except BadTokenError as bad:
            if bad.wait_s:
                return slow_down(bad.wait_s)
            return _problem(401, "UNAUTHORIZED", "a token in `Authorization: Bearer ...`")
        except RefusedRequest as refused:
            return _problem(refused.status, refused.code, str(refused))
        except calls.NoSuchCallError:
            return _problem(404, "UNKNOWN_CALL", FAULTS["unknown_call"])
        except calls.CallSilentError as silent:
            return _problem(504, "CALL_SILENT", str(silent))
        except BusAwayError:
            return _problem(503, "BUS_AWAY", "the event bus is away: try again")

    return handle


async def _ask(edge: Edge, request: web.Request, call_request: CallRequest) -> CallReply:
    """Return the reply of the edge that holds the call.

    Raises:
        RefusedRequest, NoSuchCallError, CallSilentError, BusAwayError: there is no reply.
    """
    session = request.match_info["id"]
    if not is_token(session):
        raise RefusedRequest(404, "UNKNOWN_CALL", FAULTS["unknown_call"])
    return await calls.ask(edge.bus, session, call_request)


def _command_id(request: web.Request) -> str:
    """Return the command's id in the request, or a new one.

    Raises:
        RefusedRequest: it is invalid.
    """
    key = request.headers.get(openapi.IDEMPOTENCY_KEY)
    if key is None:
        return f"c_{secrets.token_hex(10)}"
    if not _ID.fullmatch(key):
        why = f"{openapi.IDEMPOTENCY_KEY} must match {COMMAND_ID}"
        raise RefusedRequest(400, "BAD_REQUEST", why)
    return key


async def _body(edge: Edge, request: web.Request) -> bytes:
    """Return the body; an empty one stands for an empty object.

    Raises:
        RefusedRequest: it is too long, or does not come.
    """
    try:
        body = await read_body(request, MOST_COMMAND_BYTES, edge.settings.http_timeout_s)
    except TooLongError as error:
        raise RefusedRequest(413, "TOO_LONG", str(error)) from None
    except TimeoutError:
        raise RefusedRequest(408, "TIMEOUT", "the body did not come in time") from None
    return body or b"{}"


def _read(read: msgspec.json.Decoder[T], body: bytes) -> T:
    """Return the decoded *body*.

    Raises:
        RefusedRequest: it is invalid.
    """
    try:
        return read.decode(body)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        why = str(error)[:MOST_ERROR_CHARS] or "not JSON"
        raise RefusedRequest(400, "BAD_REQUEST", why) from None


def _problem(status: int, code: str, error: str) -> web.Response:
    headers = {"WWW-Authenticate": "Bearer"} if status == 401 else {}
    return _json(openapi.Problem(error, code), status=status, headers=headers)


def _json(
    body: object, *, status: int = 200, headers: dict[str, str] | None = None
) -> web.Response:
    data = msgspec.json.encode(body)
    return web.Response(body=data, status=status, content_type="application/json", headers=headers)
