"""`GET /talk/choices.json`: the choices before a call, by token.

Without a valid token the lists are empty: names of agents and voices are not public.
"""

import time

import msgspec
from aiohttp import web

from edge.door.http.middlewares import address_of, too_many
from edge.door.state import EDGE
from edge.protocols.client_protocol import Handshake


async def choices(request: web.Request) -> web.Response:
    """Return agents and voices for a valid token, else empty lists.

    A wrong token counts like one of a call. The call reports it: an error status here would only
    appear in the browser's console.
    """
    edge, address = request.app[EDGE], address_of(request)
    bad_tokens = edge.address_limits.bad_tokens
    if wait_s := bad_tokens.wait_s(address, time.monotonic()):
        return too_many("tokens", wait_s)
    headers = {name.lower(): value for name, value in request.headers.items()}
    caller = await edge.identify(Handshake("", headers=headers).bearer)
    if caller is None:
        bad_tokens.refuse_s(address, time.monotonic())
        return web.json_response({"agents": [], "voices": []})
    listed = await edge.offers.to(caller, edge.agents.table, edge.config)
    voices = sorted(edge.voices - {"*"})
    return web.json_response({"agents": msgspec.to_builtins(listed), "voices": voices})
