"""`POST /v1/realtime/calls/{id}/hangup`: ends a WebRTC call of any edge."""

from aiohttp import web

from edge.door.callers.auth import DEMO_TENANT, Caller
from edge.door.http.openai_errors import bad_key, refused
from edge.door.http.realtime_calls import CALLS_PATH, allow_pages
from edge.door.http.tokens import BadTokenError, owner_of
from edge.door.state import EDGE, Edge
from edge.protocols.realtime.wire import RequestError
from runtime.bus import calls
from runtime.bus.errors import BusAwayError
from schemas.control import CallRequest, End
from schemas.subjects import is_token


def routes() -> list[web.RouteDef]:
    path = f"{CALLS_PATH}/{{id}}/hangup"
    return [web.post(path, hang_up), web.options(path, allow_pages)]


async def hang_up(request: web.Request) -> web.Response:
    """End a call of any edge, for its own caller."""
    edge = request.app[EDGE]
    try:
        caller = await owner_of(request, edge.identify)
        await _end(edge, request.match_info["id"], caller)
    except BadTokenError as bad:
        return bad_key(bad.wait_s)
    except calls.NoSuchCallError:
        return refused(404, RequestError("call_not_found", "There is no such call."))
    except (calls.CallSilentError, BusAwayError):
        return refused(503, RequestError("server_error", "The call does not answer: try again."), 1)
    return web.json_response({})


async def _end(edge: Edge, session: str, caller: Caller) -> None:
    """End the call of *session*, if it is *caller*'s.

    Raises:
        NoSuchCallError, CallSilentError, BusAwayError: as `calls.ask`.
    """
    if not is_token(session):
        raise calls.NoSuchCallError
    call_request = CallRequest(tenant=caller.tenant, by=caller.user)
    found = (await calls.ask(edge.bus, session, call_request)).call
    its_own = found is not None and found.user == caller.user
    if not its_own and caller.tenant != DEMO_TENANT:
        raise calls.NoSuchCallError
    ends = CallRequest(tenant=caller.tenant, by=caller.user, id="hangup", command=End())
    await calls.ask(edge.bus, session, ends)
