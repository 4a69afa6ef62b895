"""`GET /talk/choices.json`: the choices before a call, by token.

Without a valid token the lists are empty: names of agents and voices are not public.
"""

import msgspec
from aiohttp import web

from edge.door.http.middlewares import slow_down
from edge.door.http.tokens import BadTokenError, owner_of
from edge.door.state import EDGE


async def choices(request: web.Request) -> web.Response:
    """Return agents and voices for a valid token, else empty lists.

    A wrong token counts like one of a call. The call reports it: an error status here would only
    appear in the browser's console.
    """
    edge = request.app[EDGE]
    try:
        caller = await owner_of(request, edge.identify)
    except BadTokenError as bad:
        if bad.wait_s:
            return slow_down(bad.wait_s)
        return web.json_response({"agents": [], "voices": []})
    listed = await edge.offers.to(caller, edge.agents.table, edge.config)
    voices = sorted(edge.voices - {"*"})
    return web.json_response({"agents": msgspec.to_builtins(listed), "voices": voices})
