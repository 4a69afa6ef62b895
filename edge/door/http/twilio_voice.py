"""`POST /twilio/voice`: Twilio's webhook for a call, answered with a stream to an edge."""

from urllib.parse import parse_qsl
from xml.sax.saxutils import quoteattr

import structlog
from aiohttp import web

from edge.door.http.bodies import read_body
from edge.door.http.middlewares import address_of, slow_down
from edge.door.http.tokens import BadTokenError, owner_of
from edge.door.state import EDGE
from edge.door.twilio.calls import TwilioCalls
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


async def answer_call(request: web.Request) -> web.Response:
    """Return TwiML that streams the call to this edge; `?agent=` names its agent."""
    edge = request.app[EDGE]
    if (calls := edge.twilio) is None:
        raise web.HTTPNotFound
    base = calls.public_url or f"{request.scheme}://{request.host}"
    try:
        fields = await owner_of(request, lambda _: _signed_form(request, calls, base))
    except BadTokenError as bad:
        if bad.wait_s:
            return slow_down(bad.wait_s)
        log.warning("twilio_signature_wrong", advice="AURA_TWILIO_AUTH_TOKEN, AURA_PUBLIC_URL")
        return web.json_response({"error": "X-Twilio-Signature is not right"}, status=403)
    if edge.draining or edge.full_stage(address_of(request)):
        return _twiml(BUSY)
    token = calls.token(fields.get("CallSid", ""), request.query.get("agent", "")[:AGENT_CHARS])
    stream = "ws" + base.removeprefix("http") + MEDIA_PATH
    return _twiml(
        f"<Response><Connect><Stream url={quoteattr(stream)}>"
        f'<Parameter name="token" value={quoteattr(token)}/>'
        "</Stream></Connect></Response>"
    )


async def _signed_form(
    request: web.Request, calls: TwilioCalls, base: str
) -> dict[str, str] | None:
    """Return the fields of *request*, sent to a URL under *base*; None: Twilio has not signed them.

    Raises:
        HTTPBadRequest: they are invalid or too slow.
    """
    fields = await _form(request)
    signature = request.headers.get("X-Twilio-Signature", "")
    return fields if calls.is_signed(signature, base + request.raw_path, fields.items()) else None


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
