"""Serves the talk page and the client library: only files of this package."""

import hashlib
from pathlib import Path
from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.typedefs import Handler

from edge.door.http.choices import choices
from edge.door.state import EDGE
from edge.pages import CONTENT_TYPES, read
from runtime.settings import Settings

PAGE_FILES = tuple(
    "talk.js choices.js view.js problems.js story.js timeline.js waterfall.js aura.js "
    "talk.css timeline.css icon.svg".split()
)
LANGUAGES = {
    "auto": "Any language",
    "en": "English",
    "de": "Deutsch",
    "es": "Español",
    "fr": "Français",
    "it": "Italiano",
    "nl": "Nederlands",
    "pl": "Polski",
    "pt": "Português",
}
"""The languages that the page offers if the recogniser knows more than English."""


def add_pages(app: web.Application, settings: Settings) -> None:
    """Serve the page at `/talk` and its files below it."""
    policy = content_policy(settings)
    app.router.add_get("/talk", _file("index.html", policy))
    app.router.add_get("/talk/config.json", config)
    app.router.add_get("/talk/choices.json", choices)
    for name in PAGE_FILES:
        app.router.add_get(f"/talk/{name}", _file(name, policy))


def wants_page(request: web.Request) -> bool:
    """Return whether a browser asks for a page."""
    return "text/html" in request.headers.get("Accept", "")


async def config(request: web.Request) -> web.Response:
    """Return the page's settings, with the demo's token while DEBUG is on."""
    settings = request.app[EDGE].settings
    return web.json_response(
        {
            "api_url": settings.next_public_api_url,
            "ws_url": settings.next_public_ws_url,
            "sample_rate": settings.next_public_sample_rate,
            "debug": settings.next_public_debug,
            "records": settings.record_audio,
            "token": settings.demo_token.get_secret_value() if settings.debug else "",
            "languages": {} if settings.stt_model.endswith(".en") else LANGUAGES,
            "language": settings.session.language,
            "eagerness": settings.session.turns.eagerness,
        }
    )


def content_policy(settings: Settings) -> str:
    """Return the Content-Security-Policy: this origin, and servers that the operator names."""
    named = (settings.next_public_api_url, settings.next_public_ws_url)
    origins = sorted({origin for url in named if (origin := _origin(url))})
    return "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "img-src 'self'",
            " ".join(("connect-src 'self'", *origins)),
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
        )
    )


def _origin(url: str) -> str:
    """Return the scheme, host and port of *url*; empty if it has none."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}" if parts.scheme and parts.netloc else ""


def _file(name: str, policy: str) -> Handler:
    """Return the handler of the file *name*, which browsers cache and revalidate."""
    body = read(name)
    tag = hashlib.sha256(body).hexdigest()[:16]
    kind = CONTENT_TYPES[Path(name).suffix]

    async def serve(request: web.Request) -> web.StreamResponse:
        headers = {
            "Content-Security-Policy": policy,
            "Cache-Control": "no-cache",
            "Permissions-Policy": "microphone=(self), camera=(), geolocation=()",
            "ETag": f'"{tag}"',
        }
        if any(known.value == tag for known in request.if_none_match or ()):
            return web.Response(status=304, headers=headers)
        answer = web.Response(body=body, content_type=kind, charset="utf-8", headers=headers)
        answer.enable_compression()
        return answer

    return serve
