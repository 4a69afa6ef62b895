"""Refusals of HTTP requests in OpenAI's form, for the paths that are OpenAI's."""

from aiohttp import web

from edge.protocols.realtime.wire import INVALID_REQUEST, SERVER_ERROR, RequestError


def bad_key(wait_s: float) -> web.Response:
    """Refuse a request without a valid key; *wait_s*: the time until another may be tried, or 0."""
    if wait_s:
        return refused(429, RequestError("rate_limit_exceeded", "Too many wrong keys."), wait_s)
    return refused(401, RequestError("invalid_api_key", "Incorrect API key provided."))


def refused(status: int, error: RequestError, wait_s: float = 0) -> web.Response:
    """Return the refusal; *wait_s*: the seconds until a retry may succeed.

    It closes the connection of a client that is too slow or sends too much.
    """
    body = {
        "message": str(error),
        "type": SERVER_ERROR if status >= 500 else INVALID_REQUEST,
        "code": error.code,
        "param": error.param,
    }
    headers = {"Retry-After": str(max(1, round(wait_s)))} if wait_s else None
    answer = web.json_response({"error": body}, status=status, headers=headers)
    if status in {408, 429}:
        answer.force_close()
    return answer
