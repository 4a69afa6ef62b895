"""`POST /v1/realtime/client_secrets`: an application makes a key for a page that calls."""

import json
import math
import time
from typing import Annotated, Any, Literal

import msgspec
from aiohttp import web

from edge.door.callers.client_secrets import LEAST_LIFETIME_S, MOST_LIFETIME_S, USUAL_LIFETIME_S
from edge.door.http.bodies import TooLongError, read_body
from edge.door.http.openai_errors import bad_key, refused
from edge.door.http.tokens import BadTokenError, owner_of
from edge.door.state import EDGE
from edge.protocols.client_protocol import bearer_in
from edge.protocols.parsing import clean
from edge.protocols.realtime.client_secret import KEY_PREFIX
from edge.protocols.realtime.session_object import SessionObject
from edge.protocols.realtime.session_update import updated
from edge.protocols.realtime.wire import RequestError, convert

MOST_SECRET_BYTES = 100_000
MOST_SESSION_BYTES = 4_000
"""A secret is sent in a header of the handshake, of which aiohttp reads 8 KiB."""
LIFETIME_S = msgspec.Meta(ge=LEAST_LIFETIME_S, le=MOST_LIFETIME_S)


class ExpiresAfter(msgspec.Struct, frozen=True, kw_only=True):
    """The validity of the secret."""

    anchor: Literal["created_at"] = "created_at"
    seconds: Annotated[int, LIFETIME_S] = USUAL_LIFETIME_S


class SecretRequest(msgspec.Struct, frozen=True, kw_only=True):
    """The body of the request."""

    expires_after: ExpiresAfter | None = None
    session: dict[str, Any] | None = None


async def create_client_secret(request: web.Request) -> web.Response:
    """Return a client secret, its expiry, and the session that it opens."""
    edge = request.app[EDGE]
    try:
        caller = await owner_of(request, edge.identify)
    except BadTokenError as bad:
        return bad_key(bad.wait_s)
    if bearer_in(request.headers).startswith(KEY_PREFIX):  # a secret makes no others
        return bad_key(0)
    if not edge.secrets.can_sign(caller):
        message = "This server signs no client secrets: its operator sets AURA_JWT_SECRET for them."
        return refused(501, RequestError("client_secrets_unavailable", message))
    try:
        wanted = await _secret_request(request)
        session = updated(SessionObject(), wanted.session or {})
    except RequestError as error:
        return refused(400, error)
    session_patch = wanted.session or {}
    if len(json.dumps(session_patch)) > MOST_SESSION_BYTES:
        message = f"The session has {MOST_SESSION_BYTES} bytes of JSON at most: set the rest later."
        return refused(400, RequestError("invalid_value", message, "session"))
    seconds = wanted.expires_after.seconds if wanted.expires_after else USUAL_LIFETIME_S
    expires_s = int(min(time.time() + seconds, caller.expires_s or math.inf))
    value = edge.secrets.sign(caller, session_patch, expires_s)
    session_json = session.as_json("")
    return web.json_response({"value": value, "expires_at": expires_s, "session": session_json})


async def _secret_request(request: web.Request) -> SecretRequest:
    """Return the parsed *request*.

    Raises:
        RequestError: it is invalid.
    """
    try:
        data = await read_body(
            request, MOST_SECRET_BYTES, request.app[EDGE].settings.http_timeout_s
        )
    except TooLongError as error:
        raise RequestError("invalid_value", str(error)) from None
    except TimeoutError:
        raise RequestError("timeout", "The body did not come in time.") from None
    try:
        body = json.loads(clean(data.decode())) if data.strip() else {}
    except (ValueError, RecursionError):
        raise RequestError("invalid_json", "The body must be a JSON object.") from None
    return convert(body, SecretRequest, "body")
