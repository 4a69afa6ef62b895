"""The console as an aiohttp application: access, the files of its page, its API."""

import hashlib
import json
import secrets
import time
from pathlib import Path

from aiohttp import WSCloseCode, web
from aiohttp.typedefs import Handler

from aura.cli.console import agents_api, calls_api, commands_api, live_socket
from aura.cli.console.access import ACCESS_S, Access, same_origin
from aura.cli.console.answers import Refused, harden, json_answer, worded
from aura.cli.console.readable import Readable
from aura.cli.console.state import CONSOLE, Console
from aura.cli.console.watcher import Watcher
from edge.door.http.middlewares import no_packed_bodies
from edge.pages import CONTENT_TYPES
from edge.pages import read as read_shared
from runtime.settings import Settings
from runtime.text.redaction import Redaction
from schemas.control import MOST_COMMAND_BYTES

CONSOLE_PAGES = Path(__file__).parent / "pages"
OWN = sorted(file.name for file in CONSOLE_PAGES.iterdir() if file.suffix in {".js", ".css"})
SHARED = ("timeline.js", "timeline.css", "talk.css", "story.js", "waterfall.js", "icon.svg")
"""Files that the console shares with the talk page."""


def build(settings: Settings, watcher: Watcher, readable: Readable) -> web.Application:
    """Return the application; the caller must also run *watcher*.

    Raises:
        SettingsError: the console would be reachable without a token.
    """
    app = web.Application(
        client_max_size=MOST_COMMAND_BYTES, middlewares=[no_packed_bodies, worded, guard]
    )
    app[CONSOLE] = Console(settings, Access.of(settings), readable, watcher)
    app.on_response_prepare.append(harden)
    app.on_shutdown.append(_say_goodbye)
    app.router.add_get("/", _file("index.html", (CONSOLE_PAGES / "index.html").read_bytes()))
    for name in OWN:
        app.router.add_get(f"/console/{name}", _file(name, (CONSOLE_PAGES / name).read_bytes()))
    for name in SHARED:
        app.router.add_get(f"/console/{name}", _file(name, read_shared(name)))
    app.router.add_post("/api/sign-in", sign_in)
    app.router.add_post("/api/sign-out", sign_out)
    app.router.add_get("/api/live", live_socket.live)
    for part in (calls_api, commands_api, agents_api):
        app.router.add_routes(part.routes())
    return app


def readable_by(settings: Settings) -> Readable:
    """Return the rule for the words that the console shows.

    Raises:
        SettingsError: AURA_REDACT holds an invalid rule.
    """
    return Readable(Redaction.of(settings.redact), words=settings.console_words)


@web.middleware
async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Check the access of each request, and that it comes from the console's own page."""
    access = request.app[CONSOLE].access
    if not access.is_ours(request.host):
        raise Refused(403, "FORBIDDEN", "Without a token this console answers only on localhost.")
    if not request.path.startswith("/api/"):
        return await handler(request)
    sent_by = request.headers.get("Origin"), request.headers.get("Sec-Fetch-Site")
    if not same_origin(request.host, *sent_by):
        raise Refused(403, "FORBIDDEN", "Another page sent this.")
    if request.path != "/api/sign-in":
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        bearer = token.strip() if scheme.lower() == "bearer" else ""
        if bearer:
            _check_bad_tokens(request)
        if not access.admits(_cookie(request), bearer, time.monotonic()):
            if bearer:
                _count_bad(request)
            raise Refused(401, "UNAUTHORIZED", "The operator's token is needed.")
    return await handler(request)


async def sign_in(request: web.Request) -> web.Response:
    """Give access to a browser with the operator's token."""
    access = request.app[CONSOLE].access
    _check_bad_tokens(request)
    try:
        token = str(json.loads(await request.read())["token"])
    except (ValueError, KeyError, TypeError, RecursionError):
        raise Refused(400, "BAD_REQUEST", 'A body {"token": "..."} is needed.') from None
    cookie = secrets.token_urlsafe(32)
    if not access.sign_in(token, cookie, time.monotonic()):
        _count_bad(request)
        raise Refused(401, "UNAUTHORIZED", "This is not the operator's token.")
    answer = json_answer({"signed_in": True})
    secure = request.secure or request.headers.get("X-Forwarded-Proto") == "https"
    answer.set_cookie(
        *(_cookie_name(request), cookie),
        max_age=ACCESS_S,
        httponly=True,
        samesite="Strict",
        secure=secure,
    )
    return answer


async def sign_out(request: web.Request) -> web.Response:
    """End the access of the browser."""
    request.app[CONSOLE].access.sign_out(_cookie(request))
    answer = json_answer({"signed_in": False})
    answer.del_cookie(_cookie_name(request))
    return answer


def _cookie_name(request: web.Request) -> str:
    """Return the name of the cookie; it has the port, since all ports of a host share cookies."""
    return f"aura_console_{request.url.port}"


def _cookie(request: web.Request) -> str:
    return request.cookies.get(_cookie_name(request), "")


def _check_bad_tokens(request: web.Request) -> None:
    """Refuse an address that sent too many bad tokens.

    Raises:
        Refused: there were too many.
    """
    console = request.app[CONSOLE]
    if console.bad_tokens.wait_s(request.remote or "", time.monotonic()):
        raise Refused(429, "TOO_MANY", "Too many bad tokens: wait a minute.")


def _count_bad(request: web.Request) -> None:
    request.app[CONSOLE].bad_tokens.refuse_s(request.remote or "", time.monotonic())


def _file(name: str, body: bytes) -> Handler:
    """Return the handler for a file of the page."""
    kind = CONTENT_TYPES[Path(name).suffix]
    headers = {"Cache-Control": "no-cache", "ETag": f'"{hashlib.sha256(body).hexdigest()[:16]}"'}

    async def serve(request: web.Request) -> web.StreamResponse:
        known = {f'"{tag.value}"' for tag in request.if_none_match or ()}
        if headers["ETag"] in known:
            return web.Response(status=304, headers=headers)
        answer = web.Response(body=body, content_type=kind, charset="utf-8", headers=headers)
        answer.enable_compression()
        return answer

    return serve


async def _say_goodbye(app: web.Application) -> None:
    for socket in set(app[CONSOLE].sockets):
        await socket.close(code=WSCloseCode.GOING_AWAY)
