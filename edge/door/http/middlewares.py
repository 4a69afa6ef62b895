"""The middlewares of all requests: limits by address, headers, errors without a traceback."""

import time

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler

from edge.call import counters
from edge.door.limits.work_order import Place
from edge.door.state import EDGE
from runtime.tls import LOOPBACK

log = structlog.get_logger(__name__)

REQUEST_S = 0.0003
"""The loop's work for a request beside that of its handler, s, as measured for a refusal."""


@web.middleware
async def wait_in_queue(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Let a request wait in the work queue while the round of the loop is full."""
    queue = request.app[EDGE].work_queue
    if queue.round.is_full:
        await queue.wait(address_of(request), Place.NEXT)
    queue.round.count(REQUEST_S)
    return await handler(request)


@web.middleware
async def limit_requests(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse an address over its rate with 429; handshakes have a separate limit."""
    edge, address = request.app[EDGE], address_of(request)
    limits, now_s = edge.address_limits, time.monotonic()
    if request.path in edge.protocols and request.headers.get("Upgrade", "").lower() == "websocket":
        if wait_s := limits.handshakes.refuse_s(address, now_s):
            return too_many("handshakes", wait_s)
        return await handler(request)
    orchestrator = request.path == "/health" and address in LOOPBACK
    rate = limits.page_files if request.path.startswith("/talk") else limits.requests
    if not orchestrator and (wait_s := rate.refuse_s(address, now_s)):
        return too_many("requests", wait_s)
    answer = await handler(request)
    origin = request.headers.get("Origin")
    if origin is not None and edge.addresses.may_call(origin, request.host):
        answer.headers["Access-Control-Allow-Origin"] = origin
        answer.headers.add("Vary", "Origin")
    return answer


@web.middleware
async def no_traceback(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn an unexpected exception into a plain 500; log its traceback, never the query."""
    try:
        return await handler(request)
    except web.HTTPException as refused:
        if refused.status < 400 or refused.content_type == "application/json":
            raise
        headers = {name: refused.headers[name] for name in ("Allow",) if name in refused.headers}
        return web.json_response({"error": refused.reason}, status=refused.status, headers=headers)
    except (ConnectionError, web.RequestPayloadError):  # the client has left
        log.info("client_left", path=request.path)
        return web.json_response({"error": "Bad Request"}, status=400)
    except Exception:
        log.exception("request_failed", path=request.path)
        return web.json_response({"error": "Internal server error"}, status=500)


@web.middleware
async def no_packed_bodies(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse a compressed body with 415."""
    if request.headers.get("Content-Encoding", "identity").strip().lower() != "identity":
        answer = web.json_response({"error": "Bodies are not compressed here"}, status=415)
        answer.headers["Accept-Encoding"] = "identity"
        answer.force_close()
        return answer
    return await handler(request)


HEADERS = {
    "Server": "Aura",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
}
"""The headers of all responses: no page, no caching, no version."""
OF_PAGES = frozenset({"Cache-Control", "Content-Security-Policy"})
"""Headers that a page sets itself."""


async def harden(_: web.Request, answer: web.StreamResponse) -> None:
    """Add HEADERS to a response."""
    for name, value in HEADERS.items():
        if name not in OF_PAGES or name not in answer.headers:
            answer.headers[name] = value


def address_of(request: web.Request) -> str:
    """Return the client's address: the socket's, or the one that a trusted proxy names."""
    addresses = request.app[EDGE].addresses
    values = request.headers.getall(addresses.header, [])
    return addresses.address(request.remote or "", values)


def too_many(limit: str, wait_s: float) -> web.Response:
    """Refuse an address that has reached *limit*, and count it."""
    counters.refused(limit)
    return slow_down(wait_s)


def slow_down(wait_s: float) -> web.Response:
    """Refuse an address that may come again in *wait_s* seconds, and close its connection."""
    answer = try_later(429, "Too many requests", wait_s)
    answer.force_close()
    return answer


def try_later(status: int, error: str, wait_s: float) -> web.Response:
    """Refuse a request that may be tried again in *wait_s* seconds."""
    wait = {"Retry-After": str(max(1, round(wait_s)))}
    return web.json_response({"error": error}, status=status, headers=wait)
