"""Refusals of HTTP requests in OpenAI's form, for the Realtime API's own paths."""

from aiohttp import web

from edge.protocols.realtime.wire import INVALID_REQUEST, SERVER_ERROR, RequestError


def refused(status: int, error: RequestError, wait_s: float = 0) -> web.Response:
    """Return the refusal; *wait_s*: the seconds until a retry may succeed."""
    body = {
        "message": str(error),
        "type": SERVER_ERROR if status >= 500 else INVALID_REQUEST,
        "code": error.code,
        "param": error.param,
    }
    headers = {"Retry-After": str(max(1, round(wait_s)))} if wait_s else None
    return web.json_response({"error": body}, status=status, headers=headers)
