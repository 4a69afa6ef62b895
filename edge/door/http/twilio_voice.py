"""`POST /twilio/voice`: Twilio's webhook for a call, answered with a stream to an edge."""

import time
from urllib.parse import parse_qsl
from xml.sax.saxutils import quoteattr

import structlog
from aiohttp import web

from edge.door.http.bodies import read_body
from edge.door.http.middlewares import address_of, too_many
from edge.door.state import EDGE
from edge.protocols.parsing import clean

log = structlog.get_logger(__name__)

VOICE_PATH = "/twilio/voice"
MEDIA_PATH = "/twilio/media"
WEBHOOK_BODY_TIMEOUT_S = 5.0
"""The time, seconds, in which a webhook's body must arrive."""
MOST_WEBHOOK_BYTES, MOST_FIELDS = 64 * 1024, 200
BUSY = '<Response><Reject reason="busy"/></Response>'
"""The caller hears the busy tone, without a charge for the call."""
AGENT_CHARS = 64


async def announced(request: web.Request) -> web.Response:
    """Return TwiML that streams the call to this edge; `?agent=` names its agent."""
    edge, address = request.app[EDGE], address_of(request)
    calls, refused = edge.twilio, edge.address_limits.bad_tokens
    if calls is None:
        raise web.HTTPNotFound
    if wait_s := refused.wait_s(address, time.monotonic()):
        return too_many("tokens", wait_s)
    fields = await _form(request)
    base = calls.public_url or f"{request.scheme}://{request.host}"
    signature = request.headers.get("X-Twilio-Signature", "")
    if not calls.is_signed(signature, base + request.raw_path, fields.items()):
        refused.refuse_s(address, time.monotonic())
        log.warning("twilio_signature_wrong", advice="AURA_TWILIO_AUTH_TOKEN, AURA_PUBLIC_URL")
        return web.json_response({"error": "X-Twilio-Signature is not right"}, status=403)
    if edge.draining or edge.full_stage(address):
        return _twiml(BUSY)
    token = calls.token(fields.get("CallSid", ""), request.query.get("agent", "")[:AGENT_CHARS])
    stream = "ws" + base.removeprefix("http") + MEDIA_PATH
    return _twiml(
        f"<Response><Connect><Stream url={quoteattr(stream)}>"
        f'<Parameter name="token" value={quoteattr(token)}/>'
        "</Stream></Connect></Response>"
    )


async def _form(request: web.Request) -> dict[str, str]:
    """Return the fields of the form in *request*, without files.

    Raises:
        HTTPBadRequest: it is invalid or too slow.
    """
    try:
        body = await read_body(request, MOST_WEBHOOK_BYTES, WEBHOOK_BODY_TIMEOUT_S)
        form = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except (TimeoutError, ValueError):
        raise web.HTTPBadRequest from None
    return {name: clean(value) for name, value in form}


def _twiml(text: str) -> web.Response:
    return web.Response(text=text, content_type="text/xml")
