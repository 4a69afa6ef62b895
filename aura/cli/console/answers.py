"""Answers of the console: JSON, errors, and headers that allow only this origin."""

import json
from typing import Any

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler

from runtime.bus.calls import CallSilentError, NoSuchCallError
from runtime.bus.errors import BusAwayError

log = structlog.get_logger(__name__)

CONSOLE_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "media-src 'self'",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
CONSOLE_HEADERS = {
    "Content-Security-Policy": CONSOLE_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "microphone=(), camera=(), geolocation=()",
}


class Refused(Exception):  # noqa: N818  # it is an answer, and the client's fault
    """A request is refused, with a message for the operator and an HTTP status."""

    def __init__(self, status: int, code: str, error: str) -> None:
        super().__init__(error)
        self.status, self.code = status, code


def json_answer(what: Any, *, status: int = 200) -> web.Response:
    """Return *what* as JSON that browsers do not cache."""
    answer = web.Response(
        text=json.dumps(what, ensure_ascii=False, separators=(",", ":")),
        status=status,
        content_type="application/json",
        headers={"Cache-Control": "no-store"},
    )
    answer.enable_compression()
    return answer


def problem(status: int, code: str, error: str) -> web.Response:
    return json_answer({"error": error, "code": code}, status=status)


async def harden(_: web.Request, answer: web.StreamResponse) -> None:
    """Add CONSOLE_HEADERS to an answer before it is sent."""
    answer.headers.update(CONSOLE_HEADERS)


@web.middleware
async def worded(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn errors into messages; the log gets neither query nor body."""
    try:
        return await handler(request)
    except Refused as refused:
        return problem(refused.status, refused.code, str(refused))
    except NoSuchCallError:
        return problem(404, "UNKNOWN_CALL", "This call is over, or there never was one.")
    except CallSilentError as silent:
        return problem(504, "CALL_SILENT", str(silent))
    except BusAwayError:
        return problem(503, "BUS_AWAY", "The event bus is away: try again in a moment.")
    except web.HTTPException as error:
        return problem(error.status, "REFUSED", error.reason)
    except Exception:
        log.exception("request_failed", path=request.path)
        return problem(500, "FAILED", "The console failed; its log says why.")
